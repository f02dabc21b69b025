#include "watermark/sync.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace sora {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr int kPlaces = 128;                                // of the grid, along each side of a tile
constexpr double kStep = 0.005;                             // from one size of tiles to the next
constexpr double kSmallestTile = 32;                        // pixels
constexpr double kSmallestPart = 0.12, kLargestPart = 1.1;  // a tile's side, in shorter sides of the picture
constexpr double kTilesSearched = 3;  // part of a picture that the search looks at, along each side
constexpr double kNyquist = 0.46;     // cycles a pixel: higher waves are not counted
constexpr float kStrongest = 2;       // a wave counts no more than this, in units of those around it
constexpr int kClimbs = 4;
constexpr std::array<std::pair<int, int>, 8> kAround{
    {{-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-1, -1}, {1, 1}, {-1, 1}, {1, -1}}};
constexpr std::size_t kRefined = 6;  // candidates that are looked at closely
// Sides of tiles of pictures that are whole, in shorter sides: those of frequent sizes come first.
constexpr std::array<double, 4> kUsualParts{0.5, 0.4, 192.0 / 720, 256.0 / 1080};
// How much is tried at most: places at the corner and places anywhere, of the frequent sizes; all. And how
// small a share of the false alarms each has.
constexpr double kUsualSizes = 5, kCornerTries = 1 + 8;
constexpr double kPlaceTries = kPlaces * kPlaces + 8 * kClimbs, kAllTries = 3e7;
constexpr double kCornerShare = 0.5, kPlaceShare = 0.25, kAllShare = 0.25;
constexpr double kSure = 1e-7;  // false alarms: no more is tried

Greys middle(const std::vector<float>& values, int width, int height, double tile) {
  const int across = std::min(width, static_cast<int>(kTilesSearched * tile));
  const int down = std::min(height, static_cast<int>(kTilesSearched * tile));
  const int left = (width - across) / 2, top = (height - down) / 2;
  return {values.data(), width, height, left, top, left + across, top + down};
}

}  // namespace

MeasuredWaves::MeasuredWaves(const std::vector<Wave>& waves, const Greys& picture, double tile_width,
                             double tile_height)
    : tile_width_(tile_width), tile_height_(tile_height), values_(waves.size()) {
  const WaveSums sums(picture, tile_width, tile_height);
  std::array<double, kHighest + 2> squares{}, counts{};
  const double highest = kNyquist * std::min(tile_width, tile_height);
  for (std::size_t i = 0; i < waves.size(); ++i) {
    if (waves[i].radius > highest) continue;
    values_[i] = sums.at(waves[i].x, waves[i].y);
    const auto ring = static_cast<std::size_t>(waves[i].radius);
    squares.at(ring) += std::norm(values_[i]);
    counts.at(ring) += 1;
  }
  // Of each ring and its neighbours, so that a few strong waves do not hide themselves.
  const auto strength = [&](std::size_t ring) {
    double sum = 0, count = 0;
    for (std::size_t r = ring - 1; r <= ring + 1; ++r) {
      sum += squares.at(r);
      count += counts.at(r);
    }
    return std::sqrt(sum / std::max(count, 1.0)) + 1e-9;
  };
  double variance = 0;
  for (std::size_t i = 0; i < waves.size(); ++i) {
    values_[i] /= static_cast<float>(strength(static_cast<std::size_t>(waves[i].radius)));
    const float size = std::abs(values_[i]);
    if (size > kStrongest) values_[i] *= kStrongest / size;
    values_[i] *= waves[i].height;
    variance += std::norm(values_[i]) / 2;
  }
  deviation_ = std::sqrt(variance) + 1e-9;
}

double MeasuredWaves::agreement(const std::vector<Wave>& waves, double x, double y) const {
  double sum = 0;
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const double angle = kTurn * (waves[i].x * x + waves[i].y * y);
    const std::complex<float> turn(static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)));
    sum += std::real(values_[i] * turn * std::conj(waves[i].phase));
  }
  return sum / deviation_;
}

Sync MeasuredWaves::best_place(const std::vector<Wave>& waves) const {
  static const std::vector<std::complex<float>> turns = [] {
    std::vector<std::complex<float>> table;
    for (int i = 0; i < kPlaces; ++i) table.emplace_back(std::polar(1.0, kTurn * i / kPlaces));
    return table;
  }();
  constexpr std::size_t kSide = kPlaces;
  std::vector<std::complex<float>> along((kHighest + 1) * kSide);
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const std::complex<float> value = values_[i] * std::conj(waves[i].phase);
    std::complex<float>* out = &along[static_cast<std::size_t>(waves[i].y) * kSide];
    const int step = (waves[i].x + kPlaces) % kPlaces;
    for (int x = 0, at = 0; x < kPlaces; ++x, at = (at + step) % kPlaces)
      out[x] += value * turns[static_cast<std::size_t>(at)];
  }
  float most = -1;
  int best_x = 0, best_y = 0;
  std::vector<float> row(kSide);
  for (int y = 0; y < kPlaces; ++y) {
    std::fill(row.begin(), row.end(), 0.0F);
    for (int k = 0; k <= kHighest; ++k) {
      const std::complex<float> turn = turns[static_cast<std::size_t>((k * y) % kPlaces)];
      const std::complex<float>* in = &along[static_cast<std::size_t>(k) * kSide];
      for (std::size_t x = 0; x < kSide; ++x)
        row[x] += in[x].real() * turn.real() - in[x].imag() * turn.imag();
    }
    const auto found = std::max_element(row.begin(), row.end());
    if (*found <= most) continue;
    most = *found;
    best_x = static_cast<int>(found - row.begin());
    best_y = y;
  }
  const Sync sync{tile_width_, tile_height_, static_cast<double>(best_x) / kPlaces,
                  static_cast<double>(best_y) / kPlaces, most / deviation_};
  return climbed(waves, sync, 0.5 / kPlaces, kClimbs);
}

Sync MeasuredWaves::at_corner(const std::vector<Wave>& waves) const {
  return climbed(waves, {tile_width_, tile_height_, 0, 0, agreement(waves, 0, 0)}, 0.5 / kPlaces, 1);
}

// In steps that are each half as long as the one before.
Sync MeasuredWaves::climbed(const std::vector<Wave>& waves, Sync sync, double step, int steps) const {
  for (int i = 0; i < steps; ++i, step /= 2) {
    const Sync from = sync;
    for (const auto& [dx, dy] : kAround) {
      const double x = from.x + dx * step, y = from.y + dy * step;
      const double value = agreement(waves, x, y);
      if (value > sync.agreement) sync = {tile_width_, tile_height_, x, y, value};
    }
  }
  return sync;
}

namespace {

// Sizes nearby, of both sides together and of each alone, in the whole picture.
Sync refined(const Pattern& pattern, const std::vector<float>& values, int width, int height, Sync sync) {
  const Greys all{values.data(), width, height, 0, 0, width, height};
  const auto look = [&](double tile_width, double tile_height) {
    return MeasuredWaves(pattern.waves(), all, tile_width, tile_height).best_place(pattern.waves());
  };
  sync = look(sync.tile_width, sync.tile_height);
  // A change that moves the picture's edge by a third of the shortest wave.
  const double tiles = std::max(width / sync.tile_width, height / sync.tile_height);
  const double least = std::min(kStep / 2, 0.1 / (kHighest * tiles));
  for (double step = kStep / 2; step >= least; step /= 2) {
    for (const auto& [x, y] : {std::pair{-1, -1}, {1, 1}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
      const Sync other = look(sync.tile_width * (1 + x * step), sync.tile_height * (1 + y * step));
      if (other.agreement > sync.agreement) sync = other;
    }
  }
  return sync;
}

}  // namespace

Sync find_tiles(const Pattern& pattern, const std::vector<float>& values, int width, int height) {
  const double side = std::min(width, height);
  Sync best;
  const auto take = [&](Sync sync, double tries, double share) {
    sync.false_alarm = std::min(1.0, tries / share * std::exp(-sync.agreement * sync.agreement / 2));
    if (best.tile_width == 0 || sync.false_alarm < best.false_alarm ||
        (sync.false_alarm == best.false_alarm && sync.agreement > best.agreement))
      best = sync;
  };
  std::vector<double> usual;
  for (const double part : kUsualParts) usual.push_back(part * side);
  usual.push_back(tile_size(static_cast<int>(side)));
  const Greys all{values.data(), width, height, 0, 0, width, height};
  for (const double tile : usual) {
    if (tile < kSmallestTile) continue;
    const MeasuredWaves measured(pattern.waves(), all, tile, tile);
    take(measured.at_corner(pattern.waves()), kUsualSizes * kCornerTries, kCornerShare);
    take(measured.best_place(pattern.waves()), kUsualSizes * kPlaceTries, kPlaceShare);
  }
  if (best.false_alarm < kSure) return best;

  std::vector<Sync> found;
  const double largest = kLargestPart * side;
  for (double tile = std::max(kSmallestTile, kSmallestPart * side); tile <= largest; tile *= 1 + kStep) {
    const Greys part = middle(values, width, height, tile);
    found.push_back(MeasuredWaves(pattern.waves(), part, tile, tile).best_place(pattern.waves()));
  }
  const std::size_t count = std::min(kRefined, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count), found.end(),
                    [](const Sync& a, const Sync& b) { return a.agreement > b.agreement; });
  for (std::size_t i = 0; i < count; ++i) {
    take(refined(pattern, values, width, height, found[i]), kAllTries, kAllShare);
    if (best.false_alarm < kSure) break;
  }
  return best;
}

}  // namespace sora
