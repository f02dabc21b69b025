// Whether this machine may have an NVIDIA GPU, found in microseconds and without loading any of CUDA.
#pragma once

#include <filesystem>

namespace sora {

/// Whether the driver shows a device in `dev`: nvidia0 or one with another number (a container may have only
/// nvidia3), dxg (WSL), or nvhost-gpu (Jetson). A yes does not mean that CUDA can use it.
bool cuda_driver_present(const std::filesystem::path& dev = "/dev");

}  // namespace sora
