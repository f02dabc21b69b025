// What planning needs to know of an LTX-Video model: its geometry and sizes, and the settings that its
// publishers recommend.
#pragma once

#include <filesystem>

#include "models/family.h"
#include "models/ltx/transformer_config.h"
#include "models/ltx/vae_config.h"

namespace sora::ltx {

/// Reads all configs and file headers. Throws Error: no_input, data, refused.
ModelFacts read_facts(const std::filesystem::path& dir, const Replacements& replacements);

/// Euler's scheduler as the pipelines of this family use it, or the published one. Throws Error: no_input,
/// data.
SchedulerConfig scheduler_of(const ModelFolder& folder);

// What read_facts() puts together, for models whose files are not here, too (published_sizes.h).
void facts_of_transformer(ModelFacts& facts, const TransformerConfig& config);
void facts_of_vae(ModelFacts& facts, const VaeConfig& config);
void facts_of_scheduler(ModelFacts& facts, const SchedulerConfig& config);

/// The scheduler of the published models. Up to 0.9.1 (not `later`) the noise levels depend on the number of
/// tokens and end at 0.1.
SchedulerConfig published_scheduler(bool later);

/// Title, size and sampling settings of the published models.
void published_defaults(ModelFacts& facts, const VaeConfig& vae);

/// Settings of the distilled models, by the name of a file or folder.
std::optional<NamedFewStep> find_few_step(const std::vector<std::filesystem::path>& paths);

}  // namespace sora::ltx
