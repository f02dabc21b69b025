#include "media/write/colour_boxes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace sora {

// Note [Colour boxes]
// Wu's quantiser (X. Wu, "Efficient statistical computations for optimal color quantization", Graphics
// Gems II, 1991): a histogram with 32 levels a channel; boxes of it are cut where the variance within
// the two halves becomes least, the box with the greatest variance first. He reads the sums over a half
// from a table of cumulative sums over all 32768 cells. Most cells of a frame are empty, so that sums over
// the box's own cells, level by level, cost less.
struct ColourCells::Box {
  std::size_t begin = 0, end = 0;  // of order_
  ColourSums sums;
  double variance = 0;
};

namespace {

std::size_t cell_of(const std::uint8_t* pixel) {
  return static_cast<std::size_t>(pixel[0] >> 3 << 10 | pixel[1] >> 3 << 5 | pixel[2] >> 3);
}

}  // namespace

void ColourCells::count(const std::uint8_t* rgb, std::ptrdiff_t stride, int width, int height) {
  occupied_ = {};
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row = rgb + y * stride;
    for (int x = 0; x < width; ++x, row += 3) {
      const std::size_t cell = cell_of(row);
      occupied_[cell / 64] |= std::uint64_t{1} << cell % 64;
    }
  }
  cells_.clear();
  for (std::size_t i = 0; i < occupied_.size(); ++i) {
    for (std::uint64_t rest = occupied_[i]; rest != 0; rest &= rest - 1) {
      const std::size_t cell = i * 64 + static_cast<std::size_t>(std::countr_zero(rest));
      place_[cell] = static_cast<std::uint16_t>(cells_.size());
      const auto level = [&](int shift) { return static_cast<std::uint8_t>(cell >> shift & 31); };
      cells_.push_back({{level(10), level(5), level(0)}, {}});
    }
  }
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row = rgb + y * stride;
    for (int x = 0; x < width; ++x, row += 3) {
      const double r = row[0], g = row[1], b = row[2];
      cells_[place_[cell_of(row)]].sums += {1, r, g, b, r * r + g * g + b * b};
    }
  }
}

std::vector<std::uint32_t> ColourCells::boxes(std::size_t most) {
  order_.resize(cells_.size());
  std::iota(order_.begin(), order_.end(), std::uint16_t{0});
  std::vector<Box> boxes(1);
  boxes[0].end = order_.size();
  for (const Cell& cell : cells_) boxes[0].sums += cell.sums;
  boxes[0].variance = boxes[0].sums.variance();
  while (boxes.size() < most) {
    const auto widest = std::max_element(boxes.begin(), boxes.end(),
                                         [](const Box& a, const Box& b) { return a.variance < b.variance; });
    if (widest->variance <= 0) break;
    Box other;
    if (cut(*widest, other)) {
      boxes.push_back(other);
    } else {
      widest->variance = 0;
    }
  }
  std::vector<std::uint32_t> colours;
  for (const Box& box : boxes) {
    const auto mean = [&](double sum) { return static_cast<std::uint32_t>(std::lround(sum / box.sums.n)); };
    colours.push_back(0xff000000 | mean(box.sums.r) << 16 | mean(box.sums.g) << 8 | mean(box.sums.b));
  }
  return colours;
}

// Cuts `box` in two at the best place; false when all its pixels share one cell.
bool ColourCells::cut(Box& box, Box& other) {
  if (box.end - box.begin < 2) return false;
  std::array<std::array<ColourSums, kLevels>, 3> by_level{};
  for (std::size_t i = box.begin; i < box.end; ++i) {
    const Cell& cell = cells_[order_[i]];
    for (std::size_t axis = 0; axis < 3; ++axis) by_level[axis][cell.level[axis]] += cell.sums;
  }
  double best = -1;
  std::size_t best_axis = 0, best_level = 0;
  ColourSums left;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    ColourSums part;
    for (std::size_t level = 0; level < kLevels; ++level) {
      if (by_level[axis][level].n == 0) continue;
      part += by_level[axis][level];
      const ColourSums rest = box.sums - part;
      if (rest.n == 0) break;
      const double gain = part.mean_part() + rest.mean_part();
      if (gain > best) best = gain, best_axis = axis, best_level = level, left = part;
    }
  }
  const auto begin = order_.begin();
  const auto middle = std::partition(
      begin + static_cast<std::ptrdiff_t>(box.begin), begin + static_cast<std::ptrdiff_t>(box.end),
      [&](std::uint16_t cell) { return cells_[cell].level[best_axis] <= best_level; });
  const ColourSums right = box.sums - left;
  const auto at = static_cast<std::size_t>(middle - begin);
  other = {at, box.end, right, right.variance()};
  box = {box.begin, at, left, left.variance()};
  return true;
}

double ColourCells::error(const std::vector<std::uint32_t>& colours) const {
  std::vector<std::array<double, 3>> wanted;
  for (const std::uint32_t c : colours)
    wanted.push_back({double(c >> 16 & 255), double(c >> 8 & 255), double(c & 255)});
  double total = 0, pixels = 0;
  for (const Cell& cell : cells_) {
    const ColourSums& sums = cell.sums;
    const double r = sums.r / sums.n, g = sums.g / sums.n, b = sums.b / sums.n;
    double best = std::numeric_limits<double>::max();
    for (const auto& [wanted_r, wanted_g, wanted_b] : wanted) {
      const double dr = r - wanted_r, dg = g - wanted_g, db = b - wanted_b;
      best = std::min(best, dr * dr + dg * dg + db * db);
    }
    total += best * sums.n;
    pixels += sums.n;
  }
  return total / pixels;
}

}  // namespace sora
