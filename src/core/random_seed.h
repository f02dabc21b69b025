#pragma once

#include <cstdint>
#include <random>

namespace sora {

/// A seed where none is given: 32 bits, short enough that a person can read and type it again.
inline std::uint64_t random_seed() { return std::random_device{}(); }

}  // namespace sora
