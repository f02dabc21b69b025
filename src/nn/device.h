// Devices by name: which can be used here, and what a network needs to know of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weights/device_traits.h"
#include "weights/weights.h"

namespace sora {

/// "cpu", or "cuda" or "cuda:N" (NAME or NAME:N of a registered kind), and a dtype name ("float32",
/// "bfloat16", or empty for the device's usual: float32 on a CPU, else bfloat16 where it has it). The
/// placement's device has its number. Also sets with what precision this process computes in fp32
/// (set_float32_precision()). Throws Error: unavailable (no such device can be used), usage (a wrong name, a
/// number beyond the last device).
Placement make_placement(const std::string& device, const std::string& dtype);

/// Loads the back ends of all kinds that may be here. To be called before anything asks ATen about devices,
/// also in a process that begins with the CPU: ATen keeps its first answer, "there is no accelerator", for
/// good.
void prepare_devices();

struct UsableDevice {
  std::string name;          ///< cuda:0
  std::string title;         ///< NVIDIA GPU
  std::uint64_t free = 0;    ///< bytes that this process can have, those included that it has; 0: not known
  std::uint64_t memory = 0;  ///< bytes in all; 0: not known
};

/// All devices besides the CPU that can be used. Loads the back ends.
std::vector<UsableDevice> usable_devices();

/// Note [TF32]: NVIDIA GPUs can compute products of fp32 numbers with 10 bits of their mantissas, much
/// faster. libtorch does so in convolutions and not in matrix products unless it is told otherwise. Here,
/// --dtype float32 means all bits, everywhere. With bfloat16, whose products have 7 bits, the convolutions of
/// the VAE, which stay in fp32, are computed in TF32; the few matrix products in fp32 (time embedding) are
/// not.
void set_float32_precision(at::ScalarType dtype);

}  // namespace sora
