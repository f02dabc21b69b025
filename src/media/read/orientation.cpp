#include "media/read/orientation.h"

#include <cmath>
#include <cstdlib>

namespace sora {

int Orientation::degrees() const {
  if (transpose) return flip_y && !flip_x ? 270 : 90;
  return flip_y ? 180 : 0;
}

// libavfilter names transpose's directions by what the turn does; cclock_flip swaps x and y and nothing else.
std::string Orientation::filters() const {
  std::string out;
  const auto add = [&out](const char* filter) { out += (out.empty() ? "" : ",") + std::string(filter); };
  if (transpose) add("transpose=cclock_flip");
  if (flip_x) add("hflip");
  if (flip_y) add("vflip");
  return out;
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

}  // namespace sora
