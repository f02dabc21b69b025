// The waves of a tile, measured in a picture.
#pragma once

#include <complex>
#include <vector>

#include "watermark/pattern.h"

namespace sora {

/// A picture of floats, and the part of it that is measured.
struct Greys {
  const float* values = nullptr;
  int width = 0, height = 0;
  int left = 0, top = 0, right = 0, bottom = 0;  ///< right and bottom are exclusive
};

/// For each x from 0 to kHighest and its mirror image, and each y from 0 to kHighest: the sum of the picture
/// times exp(-i angle), where the angle is 2 pi (x * column / tile_width + y * row / tile_height).
class WaveSums {
 public:
  WaveSums(const Greys& picture, double tile_width, double tile_height);

  std::complex<float> at(int x, int y) const { return sums_[index(x, y)]; }

 private:
  static std::size_t index(int x, int y) {
    return static_cast<std::size_t>(y) * (2 * kHighest + 1) + static_cast<std::size_t>(x + kHighest);
  }
  std::vector<std::complex<float>> sums_;
};

}  // namespace sora
