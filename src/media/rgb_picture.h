// A picture in memory, and the same picture at another size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sora {

struct RgbPicture {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;  ///< [height, width, 3], sRGB
};

/// A copy of rgb [height, width, 3], whose rows are `stride` bytes apart, at the new size (Lanczos).
RgbPicture resampled(const std::uint8_t* rgb, std::ptrdiff_t stride, int width, int height, int new_width,
                     int new_height);

}  // namespace sora
