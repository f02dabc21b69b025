#include "nn/cpu/winograd_tiles.h"

#include <algorithm>
#include <cstddef>

#include "nn/cpu/pixel_math.h"
#include "nn/cpu/simd.h"

namespace sora::nn {
namespace {

constexpr std::int64_t piece_size = tile_size + 2;

// The points +-a and +-b; since a * b is 1, some multiplications are saved.
constexpr float a = 2.0f / 3, b = 3.0f / 2;
constexpr float a2 = a * a, b2 = b * b;
constexpr float a3 = a2 * a, b3 = b2 * b;

/// B^T d, in place.
SORA_INLINE void transform_piece(Vec& d0, Vec& d1, Vec& d2, Vec& d3, Vec& d4, Vec& d5) {
  const Vec even_a = d4 - b2 * d2, odd_a = a * d3 - b * d1;  // a * b^2 = b
  const Vec even_b = d4 - a2 * d2, odd_b = b * d3 - a * d1;
  const Vec first = d4 - (a2 + b2) * d2 + d0;
  const Vec last = d5 - (a2 + b2) * d3 + d1;
  d0 = first;
  d1 = even_a + odd_a;
  d2 = even_a - odd_a;
  d3 = even_b + odd_b;
  d4 = even_b - odd_b;
  d5 = last;
}

/// G g.
SORA_INLINE void transform_kernel(Vec g0, Vec g1, Vec g2, Vec* u, std::ptrdiff_t step) {
  constexpr float of_a = 1 / (2 * a2 * (a2 - b2)), of_b = 1 / (2 * b2 * (b2 - a2));
  const Vec even_a = of_a * (g0 + a2 * g2), odd_a = (of_a * a) * g1;
  const Vec even_b = of_b * (g0 + b2 * g2), odd_b = (of_b * b) * g1;
  u[0] = g0;
  u[step] = even_a + odd_a;
  u[2 * step] = even_a - odd_a;
  u[3 * step] = even_b + odd_b;
  u[4 * step] = even_b - odd_b;
  u[5 * step] = g2;
}

/// A^T m, into y[0], y[step], ...
SORA_INLINE void transform_sums(Vec m0, Vec m1, Vec m2, Vec m3, Vec m4, Vec m5, Vec* y, std::ptrdiff_t step) {
  const Vec even_a = m1 + m2, odd_a = m1 - m2, even_b = m3 + m4, odd_b = m3 - m4;
  y[0] = m0 + even_a + even_b;
  y[step] = a * odd_a + b * odd_b;
  y[2 * step] = a2 * even_a + b2 * even_b;
  y[3 * step] = a3 * odd_a + b3 * odd_b + m5;
}

SORA_INLINE void transform_piece_of(const float* const* pixels, std::int64_t c, std::int64_t count, float* v,
                                    std::int64_t stride) {
  Vec d[piece_size][piece_size];
  for (int column = 0; column < piece_size; ++column) {
    for (int row = 0; row < piece_size; ++row) {
      const float* pixel = pixels[row * piece_size + column] + c;
      d[row][column] = count == vec_size ? load(pixel) : load_some(pixel, count);
    }
    transform_piece(d[0][column], d[1][column], d[2][column], d[3][column], d[4][column], d[5][column]);
  }
  for (int row = 0; row < piece_size; ++row) {
    transform_piece(d[row][0], d[row][1], d[row][2], d[row][3], d[row][4], d[row][5]);
    for (int column = 0; column < piece_size; ++column) {
      store(v + (row * piece_size + column) * stride + c, d[row][column]);
    }
  }
}

SORA_SIMD void transform_pixels(const float* const* pixels, std::int64_t channels, float* v,
                                std::int64_t stride) {
  std::int64_t c = 0;
  for (; c + vec_size <= channels; c += vec_size) transform_piece_of(pixels, c, vec_size, v, stride);
  if (c < channels) transform_piece_of(pixels, c, channels - c, v, stride);
}

SORA_INLINE void transform_kernels_of(const TileKernels& kernels, std::int64_t first, std::int64_t count,
                                      std::int64_t width, float* u, std::int64_t stride) {
  for (std::int64_t i = 0; i < kernels.in; ++i) {
    const float* weights = kernels.data + i * 9 * kernels.row_length + kernels.first + first;
    Vec half[6][3];
    for (int column = 0; column < 3; ++column) {
      Vec g[3];
      for (int row = 0; row < 3; ++row) {
        const float* weight = weights + (row * 3 + column) * kernels.row_length;
        g[row] = count == vec_size ? load(weight) : load_some(weight, count);
      }
      transform_kernel(g[0], g[1], g[2], &half[0][column], 3);
    }
    for (int row = 0; row < piece_size; ++row) {
      Vec made[6];
      transform_kernel(half[row][0], half[row][1], half[row][2], made, 1);
      for (int column = 0; column < piece_size; ++column) {
        store(u + (row * piece_size + column) * stride + i * width, made[column]);
      }
    }
  }
  for (std::int64_t i = kernels.in; i < round_up(kernels.in, vec_size); ++i) {
    for (std::int64_t point = 0; point < tile_points; ++point) store(u + point * stride + i * width, Vec{});
  }
}

SORA_INLINE void finish_pixel(const float* sums, const TileResult& result, std::int64_t pixel) {
  const std::int64_t channels = result.channels;
  float* out = result.out + pixel * channels;
  if (result.residual) {
    const float* residual = result.residual + pixel * channels;
    for (std::int64_t c = 0; c < channels; ++c) out[c] = (sums[c] + result.bias[c]) + residual[c];
  } else {
    for (std::int64_t c = 0; c < channels; ++c) out[c] = sums[c] + result.bias[c];
  }
  if (result.gamma) normalise(out, result.gamma, channels, result.silu);
}

}  // namespace

void transform_source(const TileSource& source, std::int64_t row, std::int64_t column, float* v,
                      std::int64_t stride) {
  const float* pixels[tile_points];
  const std::int64_t stored_width = source.doubled ? source.width / 2 : source.width;
  for (std::int64_t i = 0; i < piece_size; ++i) {
    for (std::int64_t j = 0; j < piece_size; ++j) {
      std::int64_t y = row * tile_size + i - 1, x = column * tile_size + j - 1;
      const bool inside =
          y >= -source.border && y < source.height + source.border && x >= 0 && x < source.width;
      if (source.doubled) {
        y = (y + 2) / 2 - 1;  // rounded down, also of -1
        x /= 2;
      }
      pixels[i * piece_size + j] =
          inside ? source.data + (y * stored_width + x) * source.channels : source.zeros;
    }
  }
  transform_pixels(pixels, source.channels, v, stride);
}

SORA_SIMD void transform_kernels(const TileKernels& kernels, std::int64_t panel, std::int64_t width, float* u,
                                 std::int64_t stride) {
  constexpr std::int64_t panel_outputs = 16;
  for (std::int64_t j = 0; j < width; j += vec_size) {
    const std::int64_t first = panel * panel_outputs + j;
    const std::int64_t count = std::min(vec_size, kernels.out - first);
    if (count == vec_size) {
      transform_kernels_of(kernels, first, vec_size, width, u + j, stride);
    } else {
      transform_kernels_of(kernels, first, std::max<std::int64_t>(count, 0), width, u + j, stride);
    }
  }
}

SORA_SIMD void transform_result(const float* m, std::int64_t stride, std::int64_t row, std::int64_t column,
                                const TileResult& result, float* pixels) {
  const std::int64_t padded = round_up(result.channels, vec_size);
  for (std::int64_t c = 0; c < padded; c += vec_size) {
    Vec half[tile_size][piece_size], made[tile_size][tile_size];
    for (int j = 0; j < piece_size; ++j) {
      Vec sums[piece_size];
      for (int i = 0; i < piece_size; ++i) sums[i] = load(m + (i * piece_size + j) * stride + c);
      transform_sums(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], &half[0][j], piece_size);
    }
    for (int i = 0; i < tile_size; ++i) {
      transform_sums(half[i][0], half[i][1], half[i][2], half[i][3], half[i][4], half[i][5], made[i], 1);
      for (int j = 0; j < tile_size; ++j) store(pixels + (i * tile_size + j) * padded + c, made[i][j]);
    }
  }
  const std::int64_t rows = std::min(tile_size, result.height - row * tile_size);
  const std::int64_t columns = std::min(tile_size, result.width - column * tile_size);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      const std::int64_t pixel = (row * tile_size + i) * result.width + column * tile_size + j;
      finish_pixel(pixels + (i * tile_size + j) * padded, result, pixel);
    }
  }
}

}  // namespace sora::nn
