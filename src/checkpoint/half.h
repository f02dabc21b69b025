// Stored numbers of F32, F16 and BF16.
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
