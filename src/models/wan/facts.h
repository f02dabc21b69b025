// The facts of a Wan checkpoint that planning needs (models/family.h), read from its configs and file
// headers.
#pragma once

#include <filesystem>

#include "models/family.h"

namespace sora::wan {

/// All facts but the published defaults and the family. Opens every file header of the model
/// (open_wan_model). Throws Error: no_input, data, refused.
ModelFacts read_facts(const std::filesystem::path& dir, const Replacements& replacements);

/// Sets the settings that the publishers recommend. The model is recognised by the width of the transformer,
/// by how it takes images and by model_index.json.
void published_defaults(ModelFacts& facts);

/// The scheduler of a model that has no scheduler_config.json: UniPC for flow matching, as all published
/// Wan models have it.
SchedulerConfig published_scheduler(double flow_shift);

}  // namespace sora::wan
