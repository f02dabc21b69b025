// Stored numbers of F32, F16, BF16 and F8_E4M3.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "checkpoint/tensor_info.h"

namespace sora {

inline float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
  const std::uint32_t exponent = half >> 10 & 31, mantissa = half & 1023;
  if (exponent == 0) {  // zero or subnormal: a multiple of 2^-24
    const float value = std::ldexp(static_cast<float>(mantissa), -24);
    return sign ? -value : value;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

/// F8_E4M3: a sign, four bits of exponent, three of mantissa, no infinity.
inline float e4m3_to_float(std::uint8_t bits) {
  if ((bits & 0x7f) == 0x7f) return std::bit_cast<float>(std::uint32_t{0x7fc00000});
  const int exponent = bits >> 3 & 15;
  const auto mantissa = static_cast<float>(bits & 7);
  const float value = exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(1 + mantissa / 8, exponent - 7);
  return bits & 0x80 ? -value : value;
}

/// The number that begins at `bytes`; `dtype` is F32, F16 or BF16.
inline float number_at(const std::uint8_t* bytes, DType dtype) {
  float value = 0;
  if (dtype == DType::f32) {
    std::memcpy(&value, bytes, sizeof value);
    return value;
  }
  std::uint16_t half = 0;
  std::memcpy(&half, bytes, sizeof half);
  return dtype == DType::f16 ? half_to_float(half)
                             : std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16);
}

}  // namespace sora
