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

// Of magnitude 1, at an angle given in turns.
std::complex<float> turned(double turns) {
  return {static_cast<float>(std::cos(kTurn * turns)), static_cast<float>(std::sin(kTurn * turns))};
}

}  // namespace

Pattern::Pattern(const WatermarkKey& key) : waves_(all_waves()) {
  KeyStream random(key);
  for (Wave& wave : waves_) wave.phase = turned(random.unit());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < waves_.size(); ++i) order.push_back(i);
  shuffle(order, random);
  for (std::size_t i = 0; i < order.size(); ++i) waves_[order[i]].bit = static_cast<int>(i % kCodeBits);
}

std::vector<float> Pattern::tile(int size, std::uint64_t bits) const {
  const std::array<std::int8_t, kCodeBits> code = encode(bits);
  const auto side = static_cast<std::size_t>(size);
  std::vector<std::complex<float>> turns;
  for (int i = 0; i < size; ++i) turns.push_back(turned(static_cast<double>(i) / size));
  // First along x, one row of sums for each y of the waves; then along y.
  std::vector<std::complex<float>> sums((kHighest + 1) * side);
  for (const Wave& wave : waves_) {
    const float bit = code.at(static_cast<std::size_t>(wave.bit));
    const std::complex<float> value = wave.phase * wave.height * std::complex<float>(kPilot, kPayload * bit);
    std::complex<float>* sum = &sums[static_cast<std::size_t>(wave.y) * side];
    const std::size_t step = static_cast<std::size_t>(wave.x + size) % side;
    for (std::size_t x = 0; x < side; ++x) sum[x] += value * turns[(step * x) % side];
  }
  std::vector<float> tile(side * side);
  double squares = 0;
  for (std::size_t y = 0; y < side; ++y) {
    float* row = &tile[y * side];
    for (std::size_t k = 0; k <= kHighest; ++k) {
      const std::complex<float> turn = turns[(k * y) % side];
      const std::complex<float>* sum = &sums[k * side];
      for (std::size_t x = 0; x < side; ++x)
        row[x] += turn.real() * sum[x].real() - turn.imag() * sum[x].imag();
    }
    for (std::size_t x = 0; x < side; ++x) squares += static_cast<double>(row[x]) * row[x];
  }
  const auto scale = static_cast<float>(1 / std::sqrt(squares / static_cast<double>(tile.size())));
  for (float& value : tile) value *= scale;
  return tile;
}

int tile_size(int side) {
  if (side < kSmallestSide) return 0;
  if (side < 192) return 64;
  if (side < 384) return 128;
  if (side < 768) return 192;
  return side < 1536 ? 256 : 384;
}

}  // namespace sora
