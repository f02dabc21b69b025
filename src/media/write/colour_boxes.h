// The colours of a picture, counted and put into few boxes: what palette.cpp takes its palettes from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sora {

/// Sums over pixels. All are whole numbers below 2^53, so that their order does not matter.
struct ColourSums {
  double n = 0, r = 0, g = 0, b = 0, squares = 0;

  ColourSums& operator+=(const ColourSums& o) {
    n += o.n, r += o.r, g += o.g, b += o.b, squares += o.squares;
    return *this;
  }
  ColourSums operator-(const ColourSums& o) const {
    return {n - o.n, r - o.r, g - o.g, b - o.b, squares - o.squares};
  }

  double mean_part() const { return n > 0 ? (r * r + g * g + b * b) / n : 0; }
  double variance() const { return squares - mean_part(); }
};

/// A histogram with 32 levels a channel. It holds the cells that have pixels and no others: a small picture,
/// or one of few colours, costs little. Memory is kept from one picture to the next.
class ColourCells {
 public:
  /// Counts a picture, rgb [height, width, 3], in place of the one before.
  void count(const std::uint8_t* rgb, std::ptrdiff_t stride, int width, int height);

  /// 0xffRRGGBB, at least one and at most `most` (up to 256): the mean colours of boxes.
  std::vector<std::uint32_t> boxes(std::size_t most);

  /// Mean squared distance of the pixels to the nearest of `colours`, within the histogram's precision.
  double error(const std::vector<std::uint32_t>& colours) const;

 private:
  static constexpr std::size_t kLevels = 32;
  struct Cell {
    std::array<std::uint8_t, 3> level;
    ColourSums sums;
  };
  struct Box;

  bool cut(Box& box, Box& other);

  std::vector<Cell> cells_;           // in the order of their levels
  std::vector<std::uint16_t> order_;  // of cells_, such that each box is a stretch
  std::array<std::uint64_t, kLevels * kLevels * kLevels / 64> occupied_{};
  std::array<std::uint16_t, kLevels * kLevels * kLevels> place_;  // in cells_, of cells that are occupied
};

}  // namespace sora
