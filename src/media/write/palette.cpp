#include "media/write/palette.h"

#include <algorithm>
#include <limits>

namespace sora {
namespace {

constexpr std::size_t kColours = 255;
constexpr int kNoPage = -1;

}  // namespace

AdaptivePalette::AdaptivePalette(int width, int height) : width_(width), height_(height) {}

void AdaptivePalette::choose(std::vector<std::uint32_t> fresh) {
  chosen_ = std::move(fresh);
  colours_ = {};
  for (std::size_t i = 0; i < kColours; ++i) colours_[i] = chosen_[std::min(i, chosen_.size() - 1)];
  page_of_.fill(kNoPage);
  pages_.clear();
}

void AdaptivePalette::convert(const std::uint8_t* rgb, std::ptrdiff_t stride, std::uint8_t* indices,
                              std::ptrdiff_t index_stride) {
  cells_.count(rgb, stride, width_, height_);
  std::vector<std::uint32_t> fresh = cells_.boxes(kColours);
  // One square level is invisible; a tenth is less than a dither hides.
  if (chosen_.empty() || cells_.error(chosen_) > cells_.error(fresh) * 1.1 + 1) choose(std::move(fresh));

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
  std::int16_t& page = page_of_[static_cast<std::size_t>(r >> 2 << 6 | g >> 2)];
  if (page == kNoPage) {
    page = static_cast<std::int16_t>(pages_.size());
    pages_.emplace_back().fill(-1);
  }
  std::int16_t& known = pages_[static_cast<std::size_t>(page)][static_cast<std::size_t>(b >> 2)];
  if (known >= 0) return static_cast<std::uint8_t>(known);
  int best = std::numeric_limits<int>::max();
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    // From the middle of the four levels that share the entry.
    const int dr = (r | 3) - 1 - static_cast<int>(chosen_[i] >> 16 & 255);
    const int dg = (g | 3) - 1 - static_cast<int>(chosen_[i] >> 8 & 255);
    const int db = (b | 3) - 1 - static_cast<int>(chosen_[i] & 255);
    const int distance = dr * dr + dg * dg + db * db;
    if (distance < best) best = distance, known = static_cast<std::int16_t>(i);
  }
  return static_cast<std::uint8_t>(known);
}

}  // namespace sora
