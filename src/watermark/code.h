// The error-correcting code of the watermark: 64 bits become 256, and come back from soft decisions.
#pragma once

#include <array>
#include <cstdint>

namespace sora {

constexpr int kCodeBits = 256;

/// Tail-biting convolutional code of rate 1/4 and constraint length 15 (the polynomials of Galileo's
/// experiment).
std::array<std::int8_t, kCodeBits> encode(std::uint64_t bits);  ///< of +1 (a one) and -1 (a zero)

/// The most likely bits, where a positive value says that a code bit is one, and a large one says so surely.
std::uint64_t decode(const std::array<float, kCodeBits>& soft);

}  // namespace sora
