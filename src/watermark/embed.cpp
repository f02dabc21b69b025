#include "watermark/embed.h"

#include <algorithm>
#include <cmath>

#include "watermark/filters.h"
#include "watermark/wave_sums.h"

namespace sora {
namespace {

constexpr int kRadius = 2;                 // of the surroundings whose variance counts, pixels
constexpr float kSsimConstant = 58.5225F;  // (0.03 * 255)^2, which SSIM adds to variances
constexpr float kFlat = 0.35F;             // of the full variance, on flat ground
constexpr double kSimilarityLoss = 0.0045;
constexpr double kMostError = 2.0;  // mean square of a frame's mark, grey levels: PSNR 45 dB
constexpr float kAgainstPicture = 0.7F, kLeastOfWave = 0, kMostOfWave = 2.2F;
constexpr float kLeastStrength = 1;         // grey levels, as the reader has it
constexpr double kCoarse = 4, kNearby = 7;  // radii in pixels, for tiles of 128, as the reader has them

int radius_for(int tile, double of_128) {
  return std::max(1, static_cast<int>(std::lround(of_128 * tile / 128)));
}

}  // namespace

WatermarkEmbedder::WatermarkEmbedder(const WatermarkKey& key, const WatermarkPayload& payload, int width,
                                     int height)
    : width_(width),
      height_(height),
      tile_(tile_size(std::min(width, height))),
      pattern_(key),
      phases_(pattern_.phases(packed(payload))),
      amplitudes_(phases_.size()),
      maker_(pattern_.waves(), tile_) {
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  for (auto* picture : {&grey_, &fine_, &mark_, &loss_}) picture->resize(pixels);
  double squares = 0;  // half the square of an amplitude is the mean square of its wave
  for (const Wave& wave : pattern_.waves()) squares += static_cast<double>(wave.height) * wave.height / 2;
  plain_ = static_cast<float>(1 / std::sqrt(squares));
}

bool WatermarkEmbedder::fits(int width, int height) { return tile_size(std::min(width, height)) > 0; }

// The fine parts of the picture as the reader sees them, and how strong the mark may be at each pixel.
void WatermarkEmbedder::measure(const std::uint8_t* rgb, std::ptrdiff_t stride) {
  std::size_t i = 0;
  for (int y = 0; y < height_; ++y) {
    const std::uint8_t* pixel = rgb + y * stride;
    for (int x = 0; x < width_; ++x, ++i, pixel += 3) {
      grey_[i] = static_cast<float>(54 * pixel[0] + 183 * pixel[1] + 19 * pixel[2]) * (1.0F / 256);
      mark_[i] = grey_[i] * grey_[i];
    }
  }
  fine_ = grey_;
  box_means(fine_, width_, height_, radius_for(tile_, kCoarse), scratch_);
  for (i = 0; i < grey_.size(); ++i) {
    fine_[i] = grey_[i] - fine_[i];
    loss_[i] = fine_[i] * fine_[i];
  }
  box_means(loss_, width_, height_, radius_for(tile_, kNearby), scratch_);
  for (i = 0; i < grey_.size(); ++i) loss_[i] = 1 / (std::sqrt(std::max(0.0F, loss_[i])) + kLeastStrength);
  for (i = 0; i < grey_.size(); ++i) fine_[i] *= loss_[i];
  box_means(grey_, width_, height_, kRadius, scratch_);
  box_means(mark_, width_, height_, kRadius, scratch_);
  for (i = 0; i < grey_.size(); ++i) mark_[i] = std::max(0.0F, mark_[i] - grey_[i] * grey_[i]);
  grey_ = mark_;  // from here on the variances
  least_around(mark_, width_, height_, scratch_);
  box_means(mark_, width_, height_, 1, scratch_);
  double response = 0, lost = 0;
  for (i = 0; i < grey_.size(); ++i) {
    const float variance = 2 * mark_[i] + kFlat * kSsimConstant;
    mark_[i] = std::sqrt(variance);
    response += static_cast<double>(mark_[i] * loss_[i]);
    loss_[i] = 1 / (2 * grey_[i] + kSsimConstant);
    lost += static_cast<double>(variance * loss_[i]);
  }
  const double share = std::sqrt(kSimilarityLoss * static_cast<double>(grey_.size()) / lost);
  for (float& value : mark_) value *= static_cast<float>(share);
  response_ = response * share / 2;
}

// The amplitudes of the waves, by what the picture has of each.
void WatermarkEmbedder::balance() {
  const auto size = static_cast<std::size_t>(tile_);
  tile_pixels_.assign(size * size, 0.0F);
  for (int y = 0; y < height_; ++y) {
    const float* in = &fine_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_)];
    float* out = &tile_pixels_[static_cast<std::size_t>(y % tile_) * size];
    for (int left = 0; left < width_; left += tile_)
      for (int x = 0; x < std::min(tile_, width_ - left); ++x) out[x] += in[left + x];
  }
  const WaveSums sums({tile_pixels_.data(), tile_, tile_, 0, 0, tile_, tile_}, tile_, tile_);
  const std::vector<Wave>& waves = pattern_.waves();
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const float plain = plain_ * waves[i].height;
    const float along = std::real(sums.at(waves[i].x, waves[i].y) * std::conj(phases_[i])) /
                        static_cast<float>(std::max(response_, 1e-9));
    amplitudes_[i] =
        phases_[i] * std::clamp(plain - kAgainstPicture * along, kLeastOfWave * plain, kMostOfWave * plain);
  }
  maker_.draw(amplitudes_, tile_pixels_);
}

// The mark at each pixel, within both bounds.
void WatermarkEmbedder::scale() {
  double squares = 0, lost = 0;
  std::size_t i = 0;
  for (int y = 0; y < height_; ++y) {
    const float* row = &tile_pixels_[static_cast<std::size_t>(y % tile_) * static_cast<std::size_t>(tile_)];
    for (int x = 0, from = 0; x < width_; ++x, ++i) {
      mark_[i] *= row[from];
      if (++from == tile_) from = 0;
      const float square = mark_[i] * mark_[i];
      squares += static_cast<double>(square);
      lost += static_cast<double>(square * loss_[i]);
    }
  }
  const auto pixels = static_cast<double>(mark_.size());
  const double share = std::min(kMostError * pixels / std::max(squares, 1e-9),
                                kSimilarityLoss * pixels / std::max(lost, 1e-9));
  for (float& value : mark_) value *= static_cast<float>(std::sqrt(share));
}

void WatermarkEmbedder::mark(std::uint8_t* rgb, std::ptrdiff_t stride) {
  measure(rgb, stride);
  balance();
  scale();
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
