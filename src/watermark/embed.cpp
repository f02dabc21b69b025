#include "watermark/embed.h"

#include <algorithm>
#include <cmath>

#include "watermark/filters.h"
#include "watermark/pattern.h"

namespace sora {
namespace {

constexpr int kRadius = 2;                 // of the surroundings whose variance counts, pixels
constexpr float kShare = 0.004F;           // of the terms of SSIM
constexpr float kSsimConstant = 58.5225F;  // (0.03 * 255)^2, which SSIM adds to variances
constexpr double kMostError = 1.9;         // mean square of a frame's mark, grey levels: PSNR 45.3 dB

}  // namespace

WatermarkEmbedder::WatermarkEmbedder(const WatermarkKey& key, const WatermarkPayload& payload, int width,
                                     int height)
    : width_(width),
      height_(height),
      tile_(tile_size(std::min(width, height))),
      pattern_(Pattern(key).tile(tile_, packed(payload))) {
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  grey_.resize(pixels);
  mark_.resize(pixels);
}

bool WatermarkEmbedder::fits(int width, int height) { return tile_size(std::min(width, height)) > 0; }

// The deviation that the mark may have at each pixel.
void WatermarkEmbedder::measure(const std::uint8_t* rgb, std::ptrdiff_t stride) {
  std::size_t i = 0;
  for (int y = 0; y < height_; ++y) {
    const std::uint8_t* pixel = rgb + y * stride;
    for (int x = 0; x < width_; ++x, ++i, pixel += 3) {
      grey_[i] = static_cast<float>(54 * pixel[0] + 183 * pixel[1] + 19 * pixel[2]) * (1.0F / 256);
      mark_[i] = grey_[i] * grey_[i];
    }
  }
  box_means(grey_, width_, height_, kRadius, scratch_);
  box_means(mark_, width_, height_, kRadius, scratch_);
  for (i = 0; i < mark_.size(); ++i) mark_[i] = std::max(0.0F, mark_[i] - grey_[i] * grey_[i]);
  least_around(mark_, width_, height_, scratch_);
  box_means(mark_, width_, height_, 1, scratch_);
  for (float& value : mark_) value = std::sqrt(kShare * (2 * value + kSsimConstant));
}

// The mark at each pixel.
void WatermarkEmbedder::spread() {
  double squares = 0;
  std::size_t i = 0;
  for (int y = 0; y < height_; ++y) {
    const float* row = &pattern_[static_cast<std::size_t>(y % tile_) * static_cast<std::size_t>(tile_)];
    for (int x = 0, from = 0; x < width_; ++x, ++i) {
      mark_[i] *= row[from];
      if (++from == tile_) from = 0;
      squares += static_cast<double>(mark_[i] * mark_[i]);
    }
  }
  const double error = squares / static_cast<double>(mark_.size());
  if (error <= kMostError) return;
  const auto share = static_cast<float>(std::sqrt(kMostError / error));
  for (float& value : mark_) value *= share;
}

void WatermarkEmbedder::mark(std::uint8_t* rgb, std::ptrdiff_t stride) {
  measure(rgb, stride);
  spread();
  std::size_t i = 0;
  for (int y = 0; y < height_; ++y) {
    std::uint8_t* pixel = rgb + y * stride;
    for (int x = 0; x < width_; ++x, ++i, pixel += 3) {
      const int change = static_cast<int>(std::lrint(mark_[i]));
      if (change == 0) continue;
      for (int c = 0; c < 3; ++c) pixel[c] = static_cast<std::uint8_t>(std::clamp(pixel[c] + change, 0, 255));
    }
  }
}

}  // namespace sora
