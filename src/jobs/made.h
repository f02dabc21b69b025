// How a finished file was made: parameters in its metadata, beside it, or in a file of kept latents.
#pragma once

#include <filesystem>
#include <string>

#include "jobs/request_fields.h"
#include "sora/generator.h"
#include "sora/plan.h"

namespace sora {

/// What metadata_json() of the run wrote.
struct MadeWith {
  Overrides options;         ///< to be applied to a Request
  std::string generator;     ///< "sora-gen 0.1.0"
  std::string model_digest;  ///< the first 16 digits
};

/// Reads the JSON that a run wrote; keys that are no options are left out. Throws Error (data) that names
/// `file`.
MadeWith read_parameters(const std::string& json, const std::string& file);

/// The name of the sidecar of an output: "clip.y4m.json".
std::string sidecar_name(const std::string& output);

/// Writes {"parameters": {...}, "output", "bytes", "frames", "sha256", "seconds"}, whole or not at all.
/// Throws Error: cannot_create, io.
void write_sidecar(const Plan& plan, const Result& result);

/// The parameters in a sidecar or in a file of kept latents, as JSON; empty when `file` is neither.
/// Throws Error: no_input, data (it is one, and damaged).
std::string parameters_beside(const std::filesystem::path& file);

}  // namespace sora
