#include "media/read/orientation.h"

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace sora {

int Orientation::degrees() const {
  if (transpose) return flip_y && !flip_x ? 270 : 90;
  return flip_y ? 180 : 0;
}

Orientation exif_orientation(int number) {
  switch (number) {
    case 2:
      return {false, true, false};
    case 3:
      return {false, true, true};
    case 4:
      return {false, false, true};
    case 5:
      return {true, false, false};
    case 6:
      return {true, true, false};
    case 7:
      return {true, true, true};
    case 8:
      return {true, false, true};
    default:
      return {};
  }
}

// x' = a x + c y, y' = b x + d y, with the matrix a b u, c d v, x y w (libavutil/display.h).
Orientation matrix_orientation(const std::int32_t matrix[9], bool& right_angle) {
  const double a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
  const bool transpose = std::abs(b) + std::abs(c) > std::abs(a) + std::abs(d);
  const double kept = transpose ? std::abs(b) + std::abs(c) : std::abs(a) + std::abs(d);
  const double lost = transpose ? std::abs(a) + std::abs(d) : std::abs(b) + std::abs(c);
  right_angle = lost <= 0.01 * kept;
  if (transpose) return {true, c < 0, b < 0};
  return {false, a < 0, d < 0};
}

void orient(const Orientation& o, const std::uint8_t* rgb, std::ptrdiff_t stride, int width, int height,
            std::uint8_t* out, std::ptrdiff_t out_stride) {
  const int shown_width = o.transpose ? height : width, shown_height = o.transpose ? width : height;
  for (int y = 0; y < shown_height; ++y) {
    std::uint8_t* to = out + y * out_stride;
    const int v = o.flip_y ? shown_height - 1 - y : y;
    if (!o.transpose && !o.flip_x) {
      std::memcpy(to, rgb + v * stride, static_cast<std::size_t>(width) * 3);
      continue;
    }
    for (int x = 0; x < shown_width; ++x, to += 3) {
      const int u = o.flip_x ? shown_width - 1 - x : x;
      const std::ptrdiff_t row = o.transpose ? u : v, column = o.transpose ? v : u;
      const std::uint8_t* from = rgb + row * stride + column * 3;
      to[0] = from[0];
      to[1] = from[1];
      to[2] = from[2];
    }
  }
}

}  // namespace sora
