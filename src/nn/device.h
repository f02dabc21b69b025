#pragma once

#include <string>

#include "weights/weights.h"

namespace sora {

/// "cpu", "cuda" or "cuda:N" and a dtype name ("float32", "bfloat16", or empty for the device's usual:
/// float32 on a CPU, bfloat16 on CUDA). Throws Error: unavailable (no such device), usage.
Placement make_placement(const std::string& device, const std::string& dtype);

}  // namespace sora
