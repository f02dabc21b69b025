// The sidecar of an output (its parameters in a JSON file beside it), and the parameters in a checkpoint of a
// job.
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

/// The parameters as JSON from `file`, if that is a sidecar or the checkpoint of a job, else from the sidecar
/// beside it; empty where there are none. Throws Error: no_input, data (the sidecar or checkpoint is
/// damaged).
std::string recorded_parameters(const std::filesystem::path& file);

}  // namespace sora
