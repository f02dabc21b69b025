#pragma once

#include <filesystem>

#include "sora/plan.h"

namespace sora {

/// What the header of a video or an image says, for a plan. Throws Error: no_input, data.
InputFacts read_input_facts(const std::filesystem::path& path);

/// Lets plans that are made in this library look at inputs (verb.h).
void use_own_probe();

}  // namespace sora
