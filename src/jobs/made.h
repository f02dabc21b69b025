// How a finished file was made: parameters in its metadata, beside it, or in a file of kept latents.
#pragma once

#include <filesystem>
#include <string>

#include "plan/verbs/parameters.h"
#include "sora/generator.h"
#include "sora/plan.h"

namespace sora {

/// The name of the sidecar of an output: "clip.y4m.json".
std::string sidecar_name(const std::string& output);

/// Writes {"parameters": {...}, "output", "bytes", "frames", "sha256", "seconds"}, whole or not at all.
/// Throws Error: cannot_create, io.
void write_sidecar(const Plan& plan, const Result& result);

/// The parameters in a sidecar or in a file of kept latents, as JSON; empty when `file` is neither.
/// Throws Error: no_input, data (it is one, and damaged).
std::string parameters_beside(const std::filesystem::path& file);

}  // namespace sora
