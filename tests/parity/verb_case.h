// Runs a verb with the noise of a golden file and compares the results with those of diffusers.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "sora/generator.h"

namespace sora::test {

/// What every case of a cases.json has: prompts, size, frames, steps, guidance. The noise, the outputs and
/// the dump lie in `work`.
Request case_request(const nlohmann::json& item, const std::string& tensors,
                     const std::filesystem::path& work);

/// Runs it; the first prediction, the latents and the video are within 5e-5 (relative L2) of `tensors`.
void expect_as_diffusers(Generator& generator, const Request& request, const std::string& tensors);

}  // namespace sora::test
