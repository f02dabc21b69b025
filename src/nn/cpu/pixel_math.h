// The arithmetic of one pixel's channels, inlined into the sweeps of pixel_ops.cpp and winograd_tiles.cpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "nn/cpu/simd.h"

namespace sora::nn {

constexpr float min_norm = 1e-12f;  // of F.normalize

// exp(x) to 2 ulp by range reduction and a polynomial (Cephes expf): unlike std::exp, it vectorises.
SORA_INLINE float fast_exp(float x) {
  x = std::min(std::max(x, -87.0f), 88.0f);
  constexpr float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float shifted = x * 1.44269504f + magic;
  const float n = shifted - magic;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const std::int32_t exponent = (std::bit_cast<std::int32_t>(shifted) << 23) + (127 << 23);
  return p * std::bit_cast<float>(exponent);
}

// Eight partial sums, so that the sum vectorises.
SORA_INLINE float sum_of_squares(const float* x, std::int64_t channels) {
  float lanes[8] = {};
  std::int64_t c = 0;
  for (; c + 8 <= channels; c += 8) {
    for (int l = 0; l < 8; ++l) lanes[l] += x[c + l] * x[c + l];
  }
  for (; c < channels; ++c) lanes[0] += x[c] * x[c];
  float squares = 0;
  for (const float lane : lanes) squares += lane;
  return squares;
}

// The norm of one pixel and SiLU, in place.
SORA_INLINE void normalise(float* x, const float* gamma, std::int64_t channels, bool silu) {
  const float squares = sum_of_squares(x, channels);
  std::int64_t c = 0;
  const float scale = std::sqrt(static_cast<float>(channels)) / std::max(std::sqrt(squares), min_norm);
  if (silu) {
    for (c = 0; c < channels; ++c) {
      const float y = x[c] * scale * gamma[c];
      x[c] = y / (1.0f + fast_exp(-y));
    }
  } else {
    for (c = 0; c < channels; ++c) x[c] = x[c] * scale * gamma[c];
  }
}

// The root-mean-square norm of one pixel, times `gain`, plus `shift`, and SiLU.
SORA_INLINE void rms_norm_silu(const float* x, const float* gain, const float* shift, float eps,
                               std::int64_t channels, float* out) {
  const float scale = 1.0f / std::sqrt(sum_of_squares(x, channels) / static_cast<float>(channels) + eps);
  for (std::int64_t c = 0; c < channels; ++c) {
    const float y = x[c] * scale * gain[c] + shift[c];
    out[c] = y / (1.0f + fast_exp(-y));
  }
}

}  // namespace sora::nn
