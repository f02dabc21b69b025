#include "watermark/pattern.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace sora {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
// Of a wave, its part that is the pilot; the rest is payload. Finding the mark comes before reading it.
constexpr float kPilot = 0.8F, kPayload = 0.6F;
constexpr int kSmallestSide = 64;
// Encoders take more from the higher waves, and the eye sees the lower ones better.
constexpr float kSlope = -0.5F;

std::vector<Wave> all_waves() {
  std::vector<Wave> waves;
  for (int y = 0; y <= kHighest; ++y) {
    for (int x = -kHighest; x <= kHighest; ++x) {
      if (y == 0 && x <= 0) continue;  // the other half is its mirror image
      const auto radius = static_cast<float>(std::hypot(x, y));
      if (radius < kLowest || radius > kHighest) continue;
      waves.push_back({x, y, radius, std::pow(radius / kLowest, kSlope), {}, 0});
    }
  }
  return waves;
}

template <class T>
void shuffle(std::vector<T>& list, KeyStream& random) {
  for (std::size_t i = list.size(); i > 1; --i)
    std::swap(list[i - 1], list[random.below(static_cast<std::uint32_t>(i))]);
}

}  // namespace

Pattern::Pattern(const WatermarkKey& key) : waves_(all_waves()) {
  KeyStream random(key);
  for (Wave& wave : waves_) {
    const double angle = kTurn * random.unit();
    wave.phase = {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < waves_.size(); ++i) order.push_back(i);
  shuffle(order, random);
  for (std::size_t i = 0; i < order.size(); ++i) waves_[order[i]].bit = static_cast<int>(i % kCodeBits);
}

std::vector<std::complex<float>> Pattern::phases(std::uint64_t bits) const {
  const std::array<std::int8_t, kCodeBits> code = encode(bits);
  std::vector<std::complex<float>> phases;
  for (const Wave& wave : waves_) {
    const float bit = code.at(static_cast<std::size_t>(wave.bit));
    phases.push_back(wave.phase * std::complex<float>(kPilot, kPayload * bit));
  }
  return phases;
}

TileMaker::TileMaker(std::vector<Wave> waves, int size)
    : waves_(std::move(waves)), size_(static_cast<std::size_t>(size)), sums_((kHighest + 1) * size_) {
  for (int i = 0; i < size; ++i) {
    const double angle = kTurn * i / size;
    turns_.emplace_back(static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)));
  }
}

void TileMaker::draw(const std::vector<std::complex<float>>& amplitudes, std::vector<float>& tile) {
  // First along x, one row of sums for each y of the waves; then along y.
  std::fill(sums_.begin(), sums_.end(), 0.0F);
  for (std::size_t i = 0; i < waves_.size(); ++i) {
    const float re = amplitudes[i].real(), im = amplitudes[i].imag();
    std::complex<float>* sum = &sums_[static_cast<std::size_t>(waves_[i].y) * size_];
    const std::size_t step = static_cast<std::size_t>(waves_[i].x + static_cast<int>(size_)) % size_;
    for (std::size_t x = 0, at = 0; x < size_; ++x) {
      const std::complex<float> turn = turns_[at];
      sum[x] += std::complex<float>(re * turn.real() - im * turn.imag(), re * turn.imag() + im * turn.real());
      at += step;
      if (at >= size_) at -= size_;
    }
  }
  tile.assign(size_ * size_, 0.0F);
  for (std::size_t y = 0; y < size_; ++y) {
    float* row = &tile[y * size_];
    for (std::size_t k = 0; k <= kHighest; ++k) {
      const std::complex<float> turn = turns_[(k * y) % size_];
      const std::complex<float>* sum = &sums_[k * size_];
      for (std::size_t x = 0; x < size_; ++x)
        row[x] += turn.real() * sum[x].real() - turn.imag() * sum[x].imag();
    }
  }
}

int tile_size(int side) {
  if (side < kSmallestSide) return 0;
  if (side < 192) return 64;
  if (side < 384) return 128;
  if (side < 768) return 192;
  return side < 1536 ? 256 : 384;
}

}  // namespace sora
