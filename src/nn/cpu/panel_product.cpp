#include "nn/cpu/panel_product.h"

#include "nn/cpu/simd.h"

namespace sora::nn {
namespace {

// How many rows of the panel are prefetched ahead of the products: the panel is in a slower cache.
constexpr std::int64_t prefetch_rows = 32;

SORA_INLINE SumsBegin from_row(const SumsBegin& begin, std::int64_t row) {
  return {begin.values ? begin.values + row * begin.stride : nullptr, begin.stride};
}

// Rows x Columns vectors of sums stay in registers: 12 of AVX2's 16, enough to hide an FMA's latency.
template <int Rows, int Columns>
SORA_INLINE void multiply_block(const float* a, std::int64_t a_stride, const float* panel, std::int64_t k,
                                float* c, std::int64_t c_stride, const SumsBegin& begin) {
  Vec sums[Rows][Columns] = {};
  if (begin.values) {
    for (int r = 0; r < Rows; ++r) {
      for (int j = 0; j < Columns; ++j) sums[r][j] = load(begin.values + r * begin.stride + j * vec_size);
    }
  }
  for (std::int64_t i = 0; i < k; ++i) {
    __builtin_prefetch(panel + prefetch_rows * Columns * vec_size);
    Vec b[Columns];
    for (int j = 0; j < Columns; ++j) b[j] = load(panel + j * vec_size);
    for (int r = 0; r < Rows; ++r) {
      const Vec x = a[r * a_stride + i] - Vec{};
      for (int j = 0; j < Columns; ++j) sums[r][j] += x * b[j];
    }
    panel += Columns * vec_size;
  }
  for (int r = 0; r < Rows; ++r) {
    for (int j = 0; j < Columns; ++j) store(c + r * c_stride + j * vec_size, sums[r][j]);
  }
}

template <int Columns>
SORA_INLINE void multiply_rest(const float* a, std::int64_t a_stride, std::int64_t rows, const float* panel,
                               std::int64_t k, float* c, std::int64_t c_stride, const SumsBegin& begin) {
  switch (rows) {
    case 1:
      return multiply_block<1, Columns>(a, a_stride, panel, k, c, c_stride, begin);
    case 2:
      return multiply_block<2, Columns>(a, a_stride, panel, k, c, c_stride, begin);
    case 3:
      return multiply_block<3, Columns>(a, a_stride, panel, k, c, c_stride, begin);
    case 4:
      return multiply_block<4, Columns>(a, a_stride, panel, k, c, c_stride, begin);
    case 5:
      return multiply_block<5, Columns>(a, a_stride, panel, k, c, c_stride, begin);
    default:
      return;
  }
}

SORA_SIMD void multiply_wide(const float* a, std::int64_t a_stride, std::int64_t rows, const float* panel,
                             std::int64_t k, float* c, std::int64_t c_stride, const SumsBegin& begin) {
  std::int64_t r = 0;
  for (; r + 6 <= rows; r += 6) {
    multiply_block<6, 2>(a + r * a_stride, a_stride, panel, k, c + r * c_stride, c_stride,
                         from_row(begin, r));
  }
  multiply_rest<2>(a + r * a_stride, a_stride, rows - r, panel, k, c + r * c_stride, c_stride,
                   from_row(begin, r));
}

SORA_SIMD void multiply_half(const float* a, std::int64_t a_stride, std::int64_t rows, const float* panel,
                             std::int64_t k, float* c, std::int64_t c_stride, const SumsBegin& begin) {
  std::int64_t r = 0;
  for (; r + 12 <= rows; r += 12) {
    multiply_block<12, 1>(a + r * a_stride, a_stride, panel, k, c + r * c_stride, c_stride,
                          from_row(begin, r));
  }
  for (; r + 6 <= rows; r += 6) {
    multiply_block<6, 1>(a + r * a_stride, a_stride, panel, k, c + r * c_stride, c_stride,
                         from_row(begin, r));
  }
  multiply_rest<1>(a + r * a_stride, a_stride, rows - r, panel, k, c + r * c_stride, c_stride,
                   from_row(begin, r));
}

}  // namespace

void multiply_panel(const float* a, std::int64_t a_stride, std::int64_t rows, const float* panel,
                    std::int64_t width, std::int64_t k, float* c, std::int64_t c_stride,
                    const SumsBegin& begin) {
  (width == panel_width ? multiply_wide : multiply_half)(a, a_stride, rows, panel, k, c, c_stride, begin);
}

}  // namespace sora::nn
