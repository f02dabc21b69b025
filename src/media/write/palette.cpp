#include "media/write/palette.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sora {
namespace {

constexpr int kColours = 255;
constexpr int kSide = 33;  // 32 levels a channel, and a border of zeros for the sums

// Note [Colour boxes]
// Wu's quantiser (X. Wu, "Efficient statistical computations for optimal color quantization", Graphics
// Gems II, 1991): a histogram with 32 levels a channel; a box is cut where the variance within the
// two halves becomes smallest, the box with the largest variance first. Sums over any box come
// from cumulative sums at its eight corners.
struct Sums {
  double n = 0, r = 0, g = 0, b = 0, squares = 0;

  Sums& operator+=(const Sums& o) {
    n += o.n, r += o.r, g += o.g, b += o.b, squares += o.squares;
    return *this;
  }
  Sums operator-(const Sums& o) const { return {n - o.n, r - o.r, g - o.g, b - o.b, squares - o.squares}; }
  Sums operator+(const Sums& o) const { return {n + o.n, r + o.r, g + o.g, b + o.b, squares + o.squares}; }

  double mean_part() const { return n > 0 ? (r * r + g * g + b * b) / n : 0; }
  double variance() const { return squares - mean_part(); }
};

struct Box {
  std::array<int, 3> low{0, 0, 0};  // exclusive
  std::array<int, 3> high{32, 32, 32};
  double variance = 0;
};

class Histogram {
 public:
  Histogram(const std::uint8_t* rgb, std::ptrdiff_t stride, int width, int height)
      : sums_(static_cast<std::size_t>(kSide) * kSide * kSide) {
    for (int y = 0; y < height; ++y) {
      const std::uint8_t* row = rgb + y * stride;
      for (int x = 0; x < width; ++x, row += 3) {
        const double r = row[0], g = row[1], b = row[2];
        at((row[0] >> 3) + 1, (row[1] >> 3) + 1, (row[2] >> 3) + 1) += {1, r, g, b, r * r + g * g + b * b};
      }
    }
  }

  // Mean squared distance of the pixels to the nearest of `colours`, within the histogram's precision.
  double error(const AdaptivePalette::Colours& colours) const {
    double total = 0, pixels = 0;
    for (const Sums& cell : sums_) {
      if (cell.n == 0) continue;
      double best = std::numeric_limits<double>::max();
      for (int i = 0; i < kColours; ++i) {
        const double r = cell.r / cell.n - (colours[i] >> 16 & 255);
        const double g = cell.g / cell.n - (colours[i] >> 8 & 255);
        const double b = cell.b / cell.n - (colours[i] & 255);
        best = std::min(best, r * r + g * g + b * b);
      }
      total += best * cell.n;
      pixels += cell.n;
    }
    return total / pixels;
  }

  AdaptivePalette::Colours palette() {
    accumulate();
    std::vector<Box> boxes(1);
    boxes[0].variance = total(boxes[0]).variance();
    while (boxes.size() < kColours) {
      const auto widest = std::max_element(
          boxes.begin(), boxes.end(), [](const Box& a, const Box& b) { return a.variance < b.variance; });
      if (widest->variance <= 0) break;
      Box other;
      if (cut(*widest, other)) {
        boxes.push_back(other);
      } else {
        widest->variance = 0;
      }
    }
    AdaptivePalette::Colours colours{};
    for (std::size_t i = 0; i < kColours; ++i) {
      const Sums sums = total(boxes[std::min(i, boxes.size() - 1)]);
      const auto mean = [&](double sum) { return static_cast<std::uint32_t>(std::lround(sum / sums.n)); };
      colours[i] = 0xff000000 | mean(sums.r) << 16 | mean(sums.g) << 8 | mean(sums.b);
    }
    return colours;
  }

 private:
  Sums& at(int r, int g, int b) {
    return sums_[(static_cast<std::size_t>(r) * kSide + static_cast<std::size_t>(g)) * kSide +
                 static_cast<std::size_t>(b)];
  }

  void accumulate() {
    for (int r = 1; r < kSide; ++r) {
      std::array<Sums, kSide> columns;  // over the rows of this plane so far
      for (int g = 1; g < kSide; ++g) {
        Sums line;
        for (int b = 1; b < kSide; ++b) {
          line += at(r, g, b);
          columns[b] += line;
          at(r, g, b) = at(r - 1, g, b) + columns[b];
        }
      }
    }
  }

  Sums total(const Box& box) {
    const auto& [r0, g0, b0] = box.low;
    const auto& [r1, g1, b1] = box.high;
    return at(r1, g1, b1) - at(r1, g1, b0) - at(r1, g0, b1) + at(r1, g0, b0) - at(r0, g1, b1) +
           at(r0, g1, b0) + at(r0, g0, b1) - at(r0, g0, b0);
  }

  // Cuts `box` in two at the best place; false when all its pixels share one cell.
  bool cut(Box& box, Box& other) {
    const Sums whole = total(box);
    double best = -1;
    std::array<Box, 2> halves;
    for (int axis = 0; axis < 3; ++axis) {
      for (int at = box.low[axis] + 1; at < box.high[axis]; ++at) {
        Box left = box, right = box;
        left.high[axis] = right.low[axis] = at;
        const Sums part = total(left);
        const Sums rest = whole - part;
        if (part.n < 0.5 || rest.n < 0.5) continue;
        const double gain = part.mean_part() + rest.mean_part();
        if (gain > best) {
          best = gain;
          halves = {left, right};
        }
      }
    }
    if (best < 0) return false;
    for (Box& half : halves) half.variance = total(half).variance();
    box = halves[0];
    other = halves[1];
    return true;
  }

  std::vector<Sums> sums_;
};

}  // namespace

AdaptivePalette::AdaptivePalette(int width, int height) : width_(width), height_(height) {}

void AdaptivePalette::convert(const std::uint8_t* rgb, std::ptrdiff_t stride, std::uint8_t* indices,
                              std::ptrdiff_t index_stride) {
  Histogram histogram(rgb, stride, width_, height_);
  const Histogram counts = histogram;  // palette() turns the original into sums
  Colours fresh = histogram.palette();
  // An error of one squared level is invisible, and dithering hides more than a tenth.
  if (!chosen_ || counts.error(colours_) > counts.error(fresh) * 1.1 + 1) {
    colours_ = fresh;
    chosen_ = true;
    nearest_.assign(std::size_t{1} << 18, -1);
  }

  // Sierra's "filter lite": half of the error goes to the right, a quarter to each of two pixels below.
  std::vector<std::array<int, 3>> above(static_cast<std::size_t>(width_) + 2);
  std::vector<std::array<int, 3>> below = above;
  for (int y = 0; y < height_; ++y) {
    const std::uint8_t* in = rgb + y * stride;
    std::uint8_t* out = indices + y * index_stride;
    std::array<int, 3> right{};
    for (auto& error : below) error = {};
    for (int x = 0; x < width_; ++x, in += 3) {
      std::array<int, 3> wanted;
      for (int c = 0; c < 3; ++c) {
        wanted[c] = std::clamp(in[c] + (right[c] * 2 + above[x + 1][c]) / 4, 0, 255);
      }
      out[x] = nearest(wanted[0], wanted[1], wanted[2]);
      const std::uint32_t colour = colours_[out[x]];
      for (int c = 0; c < 3; ++c) {
        const int error = wanted[c] - static_cast<int>(colour >> (16 - 8 * c) & 255);
        right[c] = error;
        below[x][c] += error;
        below[x + 1][c] += error;
      }
    }
    std::swap(above, below);
  }
}

std::uint8_t AdaptivePalette::nearest(int r, int g, int b) {
  std::int16_t& known = nearest_[static_cast<std::size_t>(r >> 2 << 12 | g >> 2 << 6 | b >> 2)];
  if (known >= 0) return static_cast<std::uint8_t>(known);
  int best = std::numeric_limits<int>::max();
  for (int i = 0; i < kColours; ++i) {
    // Distance from the middle of the four levels that share the entry.
    const int dr = (r | 3) - 1 - static_cast<int>(colours_[i] >> 16 & 255);
    const int dg = (g | 3) - 1 - static_cast<int>(colours_[i] >> 8 & 255);
    const int db = (b | 3) - 1 - static_cast<int>(colours_[i] & 255);
    const int distance = dr * dr + dg * dg + db * db;
    if (distance < best) best = distance, known = static_cast<std::int16_t>(i);
  }
  return static_cast<std::uint8_t>(known);
}

}  // namespace sora
