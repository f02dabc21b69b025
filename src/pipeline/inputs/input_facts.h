#pragma once

#include <filesystem>

#include "sora/plan.h"

namespace sora {

/// Facts for a plan from the header of a video or an image. Throws Error: no_input, data.
InputFacts read_input_facts(const std::filesystem::path& path);

/// Sets read_input_facts() as the probe of plans that are made in this library (verb.h).
void use_own_probe();

}  // namespace sora
