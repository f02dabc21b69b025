#include "watermark/read.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "watermark/code.h"
#include "watermark/filters.h"
#include "watermark/pattern.h"
#include "watermark/sync.h"

namespace sora {
namespace {

constexpr int kLargestSide = 800;     // of the shorter sides that are looked at; larger pictures are reduced
constexpr std::size_t kStretches = 4;  // of a long video, summed apart
constexpr std::int64_t kFirstStretch = 48;  // frames
constexpr float kLeastStrength = 1;         // grey levels: what is weaker is noise of the encoder
constexpr int kNeighbours = 2;              // rings on either side, for the gain of a ring

// Radii in pixels, for tiles of 128.
constexpr double kCoarse = 4, kNearby = 7;

struct Stretch {
  std::vector<float> sum;
  std::int64_t frames = 0;
};

// Part 4 of Note [Reading].
std::array<float, kCodeBits> soft_decisions(const std::vector<Wave>& waves, const MeasuredWaves& measured,
                                            const Sync& sync) {
  std::vector<std::complex<float>> turned = measured.values();
  std::array<double, kHighest + 2 + 2 * kNeighbours> gains{}, counts{};
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const double angle = 2 * std::numbers::pi * (waves[i].x * sync.x + waves[i].y * sync.y);
    turned[i] *=
        std::complex<float>(static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))) *
        std::conj(waves[i].phase);
    const auto ring = static_cast<std::size_t>(waves[i].radius);
    for (std::size_t r = ring; r <= ring + 2 * kNeighbours; ++r) {
      gains.at(r) += static_cast<double>(turned[i].real() / waves[i].height);
      counts.at(r) += 1;
    }
  }
  std::array<float, kCodeBits> soft{};
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const std::size_t ring = static_cast<std::size_t>(waves[i].radius) + kNeighbours;
    const auto gain = static_cast<float>(std::max(0.0, gains.at(ring) / std::max(1.0, counts.at(ring))));
    soft.at(static_cast<std::size_t>(waves[i].bit)) += turned[i].imag() * gain / waves[i].height;
  }
  return soft;
}

void read_payload(const Pattern& pattern, const std::vector<float>& sum, int width, int height,
                  const Sync& sync, FoundWatermark& found) {
  const Greys all{sum.data(), width, height, 0, 0, width, height};
  const MeasuredWaves measured(pattern.waves(), all, sync.tile_width, sync.tile_height);
  const std::array<float, kCodeBits> soft = soft_decisions(pattern.waves(), measured, sync);
  const std::uint64_t bits = decode(soft);
  const auto payload = unpacked(bits);
  if (!payload || payload->own_key != found.own_key) return;
  const std::array<std::int8_t, kCodeBits> code = encode(bits);
  int agree = 0;
  for (std::size_t i = 0; i < soft.size(); ++i)
    agree += soft.at(i) * static_cast<float>(code.at(i)) > 0 ? 1 : 0;
  found.payload = payload;
  found.bits_sure = static_cast<double>(agree) / kCodeBits;
}

}  // namespace

struct WatermarkReader::State {
  std::vector<WatermarkKey> keys;
  int width = 0, height = 0;  // of the sums
  int reduced = 1;            // pixels of a frame for one of the sums, along each side
  std::int64_t frames = 0, stretch = kFirstStretch;
  std::vector<Stretch> stretches;
  std::vector<float> grey, strength, scratch;

  void take_grey(const std::uint8_t* rgb, std::ptrdiff_t stride);
  void filter();
  void add_to_stretch();
  std::vector<float> total() const;
  FoundWatermark look(const Pattern& pattern, bool own) const;
};

void WatermarkReader::State::take_grey(const std::uint8_t* rgb, std::ptrdiff_t stride) {
  grey.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 0.0F);
  const float share = 1.0F / static_cast<float>(256 * reduced * reduced);
  for (int y = 0; y < height * reduced; ++y) {
    const std::uint8_t* pixel = rgb + y * stride;
    float* out = &grey[static_cast<std::size_t>(y / reduced) * static_cast<std::size_t>(width)];
    for (int x = 0; x < width; ++x)
      for (int i = 0; i < reduced; ++i, pixel += 3)
        out[x] += static_cast<float>(54 * pixel[0] + 183 * pixel[1] + 19 * pixel[2]) * share;
  }
}

// Part 1 of Note [Reading]: the fine parts of grey, divided by their strength nearby.
void WatermarkReader::State::filter() {
  const double scale = std::max(64, tile_size(std::min(width, height))) / 128.0;
  const auto radius = [&](double of_128) {
    return std::max(1, static_cast<int>(std::lround(of_128 * scale)));
  };
  std::vector<float>& coarse = strength;
  coarse = grey;
  box_means(coarse, width, height, radius(kCoarse), scratch);
  for (std::size_t i = 0; i < grey.size(); ++i) grey[i] -= coarse[i];
  for (std::size_t i = 0; i < grey.size(); ++i) strength[i] = grey[i] * grey[i];
  box_means(strength, width, height, radius(kNearby), scratch);
  for (std::size_t i = 0; i < grey.size(); ++i)
    grey[i] /= std::sqrt(std::max(0.0F, strength[i])) + kLeastStrength;
}

// A long video has a few stretches; when there are too many, neighbours become one.
void WatermarkReader::State::add_to_stretch() {
  if (stretches.empty() || stretches.back().frames >= stretch) {
    if (stretches.size() == kStretches) {
      for (std::size_t i = 0; i < kStretches / 2; ++i) {
        Stretch& first = stretches[2 * i];
        const Stretch& second = stretches[2 * i + 1];
        for (std::size_t k = 0; k < first.sum.size(); ++k) first.sum[k] += second.sum[k];
        first.frames += second.frames;
        if (i > 0) stretches[i] = std::move(first);
      }
      stretches.resize(kStretches / 2);
      stretch *= 2;
    }
    stretches.emplace_back();
    stretches.back().sum.resize(grey.size());
  }
  Stretch& last = stretches.back();
  for (std::size_t i = 0; i < grey.size(); ++i) last.sum[i] += grey[i];
  ++last.frames;
}

std::vector<float> WatermarkReader::State::total() const {
  std::vector<float> sum = stretches.front().sum;
  for (std::size_t s = 1; s < stretches.size(); ++s)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += stretches[s].sum[i];
  return sum;
}

FoundWatermark WatermarkReader::State::look(const Pattern& pattern, bool own) const {
  std::vector<std::vector<float>> sums{total()};
  if (stretches.size() > 1)
    for (const Stretch& part : stretches) sums.push_back(part.sum);
  const auto looks = static_cast<double>(sums.size() * keys.size());
  FoundWatermark best;
  best.own_key = own;
  for (const std::vector<float>& sum : sums) {
    const Sync sync = find_tiles(pattern, sum, width, height);
    const double false_alarm = std::min(1.0, looks * sync.false_alarm);
    if (false_alarm < best.false_alarm || best.agreement == 0) {
      best.agreement = sync.agreement;
      best.tile = std::sqrt(sync.tile_width * sync.tile_height) * reduced;
      best.false_alarm = false_alarm;
      best.found = false_alarm < kMostFalseAlarm;
    }
    if (false_alarm >= kMostFalseAlarm) continue;
    read_payload(pattern, sum, width, height, sync, best);
    if (best.payload) break;
  }
  return best;
}

WatermarkReader::WatermarkReader(std::vector<WatermarkKey> keys) : state_(std::make_unique<State>()) {
  state_->keys = std::move(keys);
}
WatermarkReader::~WatermarkReader() = default;

void WatermarkReader::add(const std::uint8_t* rgb, std::ptrdiff_t stride, int width, int height) {
  State& state = *state_;
  if (state.frames == 0) {
    state.reduced = (std::min(width, height) + kLargestSide - 1) / kLargestSide;
    state.width = width / state.reduced;
    state.height = height / state.reduced;
  }
  state.take_grey(rgb, stride);
  state.filter();
  state.add_to_stretch();
  ++state.frames;
}

std::int64_t WatermarkReader::frames() const { return state_->frames; }

FoundWatermark WatermarkReader::result() const {
  FoundWatermark best;
  if (state_->frames == 0) return best;
  for (const WatermarkKey& key : state_->keys) {
    FoundWatermark found = state_->look(Pattern(key), key.own);
    if (best.frames == 0 || found.false_alarm < best.false_alarm) best = std::move(found);
    best.frames = state_->frames;
  }
  return best;
}

}  // namespace sora
