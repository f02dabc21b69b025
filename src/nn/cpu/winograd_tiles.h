// The three transforms of Winograd's F(4x4, 3x3): pieces of a picture, of a kernel and of the result, for all
// channels. They take plain pointers; winograd.h combines them with the products.
//
// Note [Winograd]: four neighbouring outputs of a 3-tap filter are the values of a polynomial product; taken
// at the points 0, +-a, +-b and infinity they need 6 products instead of 12, and 4x4 outputs of a 3x3 kernel
// 36 instead of 144. The points 2/3 and 3/2 make the rounding error 1.5 times that of the plain sum in fp32
// (8e-7 relative with 1152 terms); the usual 1 and 2 make it 3 times that. V = B^T d B of a 6x6 piece of the
// picture, U = G g G^T of the kernel, M = U * V summed over the input channels (a matrix product for each of
// the 36 points), result A^T M A.
#pragma once

#include <cstdint>

namespace sora::nn {

constexpr std::int64_t tile_size = 4;     ///< outputs of a tile along each side
constexpr std::int64_t tile_points = 36;  ///< products of a tile

/// A picture of zeros around [height, width, channels] floats. `doubled`: every pixel stands for 2x2; height
/// and width are those of the large picture, which is never made. `border`: rows of data above the first and
/// below the last one, in place of zeros; 0 or 1.
struct TileSource {
  const float* data = nullptr;  ///< of the first row, behind the border
  std::int64_t height = 0, width = 0, channels = 0;
  bool doubled = false;
  const float* zeros = nullptr;  ///< [channels]
  std::int64_t border = 0;
};

/// V of the 6x6 piece whose inner 4x4 begin at (4 * row, 4 * column), rows v[point * stride], each of
/// round_up(channels, 8) floats, zeros at the end.
void transform_source(const TileSource& source, std::int64_t row, std::int64_t column, float* v,
                      std::int64_t stride);

/// Weights [in, 3, 3, row_length], of which a convolution takes the outputs first .. first + out.
struct TileKernels {
  const float* data = nullptr;
  std::int64_t in = 0, row_length = 0, first = 0, out = 0;
};

/// U of the outputs from `panel * 16` on, as a panel for multiply_panel: u[point * stride], each
/// [round_up(in, 8), width], zeros where there are no channels. `width` is 16 or 8.
void transform_kernels(const TileKernels& kernels, std::int64_t panel, std::int64_t width, float* u,
                       std::int64_t stride);

/// The steps after the sums; null leaves a step out. See PixelEpilogue in pixel_ops.h.
struct TileResult {
  const float* bias = nullptr;
  const float* residual = nullptr;  ///< [height, width, channels]
  const float* gamma = nullptr;
  bool silu = false;
  float* out = nullptr;  ///< [height, width, channels]; may be the residual
  std::int64_t height = 0, width = 0, channels = 0;
};

/// Writes those of the tile's pixels that are inside the picture. m[point * stride], each of
/// round_up(channels, 8) floats; `pixels` is scratch memory for 16 times as many.
void transform_result(const float* m, std::int64_t stride, std::int64_t row, std::int64_t column,
                      const TileResult& result, float* pixels);

}  // namespace sora::nn
