#pragma once

#include <cstdint>
#include <random>

namespace sora {

/// A random seed of 32 bits: short enough for a person to read and type.
inline std::uint64_t random_seed() { return std::random_device{}(); }

}  // namespace sora
