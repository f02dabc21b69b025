// Warns where the names of weights say that two experts are exchanged, or that one of two is alone. No
// tensors.
#pragma once

#include <string>
#include <vector>

#include "models/family.h"

namespace sora {

/// Which of two experts a file is by its name, such as "wan2.2_t2v_high_noise_14B.safetensors": high, low, or
/// none.
enum class Expert { none, high, low };
Expert expert_of_name(const std::string& file_name);

/// One line for each fault that the names of the model's transformers show.
std::vector<std::string> expert_faults(const ModelFacts& model);

}  // namespace sora
