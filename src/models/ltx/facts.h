// What planning needs to know of an LTX-Video model: its geometry and sizes, and the settings that its
// publishers recommend.
#pragma once

#include <filesystem>

#include "models/family.h"

namespace sora::ltx {

/// Reads all configs and file headers. Throws Error: no_input, data, refused.
ModelFacts read_facts(const std::filesystem::path& dir, const Replacements& replacements);

/// Euler's scheduler as the pipelines of this family use it, or the published one. Throws Error: no_input,
/// data.
SchedulerConfig scheduler_of(const ModelFolder& folder);

/// Settings of the distilled models, by the name of a file or folder.
std::optional<NamedFewStep> find_few_step(const std::vector<std::filesystem::path>& paths);

}  // namespace sora::ltx
