#include "media/edges.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <utility>
#include <vector>

namespace sora {
namespace {

struct Gradient {
  int x = 0, y = 0;
  int size() const { return std::abs(x) + std::abs(y); }
};

// A picture's gradients; beyond its border their size is 0.
class Gradients {
 public:
  explicit Gradients(const RgbPicture& picture)
      : width_(picture.width), height_(picture.height), all_(static_cast<std::size_t>(width_) * height_) {
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) all_[place(x, y)] = strongest(picture, x, y);
    }
  }

  const Gradient& at(int x, int y) const { return all_[place(x, y)]; }
  int size(int x, int y) const { return x < 0 || y < 0 || x >= width_ || y >= height_ ? 0 : at(x, y).size(); }

 private:
  std::size_t place(int x, int y) const { return static_cast<std::size_t>(y) * width_ + x; }

  // Sobel's gradient of the colour in which it is largest; the border is repeated.
  Gradient strongest(const RgbPicture& picture, int x, int y) const {
    const auto row = [&](int at) {
      return picture.rgb.data() + static_cast<std::size_t>(std::clamp(at, 0, height_ - 1)) * width_ * 3;
    };
    const std::uint8_t *above = row(y - 1), *here = row(y), *below = row(y + 1);
    const int left = std::max(x - 1, 0) * 3, middle = x * 3, right = std::min(x + 1, width_ - 1) * 3;
    Gradient best;
    for (int c = 0; c < 3; ++c) {
      const int l = left + c, m = middle + c, r = right + c;
      const Gradient one{above[r] - above[l] + 2 * (here[r] - here[l]) + below[r] - below[l],
                         below[l] - above[l] + 2 * (below[m] - above[m]) + below[r] - above[r]};
      if (c == 0 || one.size() > best.size()) best = one;
    }
    return best;
  }

  int width_, height_;
  std::vector<Gradient> all_;
};

// Whether the gradient is largest here across the edge. Its direction is rounded to one of four; tan(22.5
// degrees) is 13573 / 2^15. On one side equal sizes count, so that of two equal neighbours one stays.
bool is_largest(const Gradients& gradients, int x, int y) {
  constexpr long long kTangent = 13573, kOne = 1 << 15;
  const Gradient& here = gradients.at(x, y);
  const int size = here.size();
  const long long across = std::abs(here.x), down = std::abs(here.y) * kOne;
  const long long flat = across * kTangent, steep = flat + across * 2 * kOne;
  if (down < flat) return size > gradients.size(x - 1, y) && size >= gradients.size(x + 1, y);
  if (down > steep) return size > gradients.size(x, y - 1) && size >= gradients.size(x, y + 1);
  const int sign = (here.x < 0) != (here.y < 0) ? -1 : 1;
  return size > gradients.size(x - sign, y - 1) && size > gradients.size(x + sign, y + 1);
}

}  // namespace

RgbPicture edges_of(const RgbPicture& picture, int low, int high) {
  const int width = picture.width, height = picture.height;
  const Gradients gradients(picture);
  enum : std::uint8_t { none, candidate, edge };
  std::vector<std::uint8_t> map(static_cast<std::size_t>(width) * height, none);
  std::vector<std::pair<int, int>> open;  // edges whose neighbours are still to be looked at
  const auto at = [&](int x, int y) -> std::uint8_t& { return map[static_cast<std::size_t>(y) * width + x]; };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int size = gradients.size(x, y);
      if (size <= low || !is_largest(gradients, x, y)) continue;
      at(x, y) = size > high ? edge : candidate;
      if (size > high) open.emplace_back(x, y);
    }
  }
  while (!open.empty()) {
    const auto [x, y] = open.back();
    open.pop_back();
    for (int j = std::max(y - 1, 0); j <= std::min(y + 1, height - 1); ++j) {
      for (int i = std::max(x - 1, 0); i <= std::min(x + 1, width - 1); ++i) {
        if (at(i, j) != candidate) continue;
        at(i, j) = edge;
        open.emplace_back(i, j);
      }
    }
  }
  RgbPicture made{width, height, std::vector<std::uint8_t>(picture.rgb.size())};
  for (std::size_t i = 0; i < map.size(); ++i)
    std::fill_n(made.rgb.begin() + static_cast<std::ptrdiff_t>(i * 3), 3, map[i] == edge ? 255 : 0);
  return made;
}

}  // namespace sora
