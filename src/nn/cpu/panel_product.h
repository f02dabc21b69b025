// A matrix product whose sums stay in registers: rows times a panel of a few adjacent columns.
#pragma once

#include <cstdint>

namespace sora::nn {

constexpr std::int64_t panel_width = 16;  ///< columns of a panel; a last one may have half of them

/// Initial values of the sums: zero, or values[r * stride + j].
struct SumsBegin {
  const float* values = nullptr;
  std::int64_t stride = 0;  ///< 0: one row for all
};

/// c[r, j] = begin + sum over i of a[r, i] * panel[i, j] for `rows` rows and `width` (16 or 8) columns; panel
/// [k, width] without gaps, a and c with the given distances between rows. With AVX2 it reaches some
/// 90 % of the machine's peak as long as the panel stays in the cache.
void multiply_panel(const float* a, std::int64_t a_stride, std::int64_t rows, const float* panel,
                    std::int64_t width, std::int64_t k, float* c, std::int64_t c_stride,
                    const SumsBegin& begin = {});

}  // namespace sora::nn
