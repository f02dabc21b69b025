#include "watermark/wave_sums.h"

#include <array>
#include <cmath>
#include <numbers>

namespace sora {
namespace {

constexpr std::size_t kCycles = kHighest + 1;
constexpr std::size_t kPadded = 48;  // cosines, then sines, and two zeros: a whole number of vectors
static_assert(2 * kCycles <= kPadded);
using Row = std::array<float, kPadded>;

// Cosines and sines of the angles at a place, for all cycles.
Row turned(double place, double tile) {
  Row row{};
  for (std::size_t k = 0; k < kCycles; ++k) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(k) * place / tile;
    row.at(k) = static_cast<float>(std::cos(angle));
    row.at(kCycles + k) = static_cast<float>(std::sin(angle));
  }
  return row;
}

}  // namespace

WaveSums::WaveSums(const Greys& picture, double tile_width, double tile_height)
    : sums_(kCycles * (2 * kHighest + 1)) {
  std::vector<Row> columns;
  for (int x = picture.left; x < picture.right; ++x) columns.push_back(turned(x, tile_width));
  // By cycles along y: sums over rows of cosine and sine times the sums along the row.
  std::vector<Row> by_cosine(kCycles), by_sine(kCycles);
  for (int y = picture.top; y < picture.bottom; ++y) {
    Row along{};
    const float* row = picture.values + static_cast<std::ptrdiff_t>(y) * picture.width + picture.left;
    for (const Row& column : columns) {
      const float value = *row++;
      for (std::size_t j = 0; j < kPadded; ++j) along[j] += value * column[j];
    }
    const Row turn = turned(y, tile_height);
    for (std::size_t k = 0; k < kCycles; ++k) {
      const float cosine = turn[k], sine = turn[kCycles + k];
      for (std::size_t j = 0; j < kPadded; ++j) {
        by_cosine[k][j] += cosine * along[j];
        by_sine[k][j] += sine * along[j];
      }
    }
  }
  // exp(-i(a + b)) = cos a cos b - sin a sin b - i (sin a cos b + cos a sin b); for -x the sine of a changes
  // sign.
  for (std::size_t y = 0; y < kCycles; ++y) {
    for (int x = 0; x <= kHighest; ++x) {
      const auto k = static_cast<std::size_t>(x);
      const float cc = by_cosine[y][k], sc = by_cosine[y][kCycles + k];
      const float cs = by_sine[y][k], ss = by_sine[y][kCycles + k];
      sums_[index(x, static_cast<int>(y))] = {cc - ss, -(sc + cs)};
      sums_[index(-x, static_cast<int>(y))] = {cc + ss, sc - cs};
    }
  }
}

}  // namespace sora
