#include "plan/geometry/tiles.h"

#include <algorithm>
#include <cstddef>

namespace sora {
namespace {

std::int64_t round_down(std::int64_t value, std::int64_t grid) { return value / grid * grid; }

// The first cell of each tile, in rising order.
std::vector<std::int64_t> starts_of(std::int64_t length, std::int64_t size, std::int64_t overlap,
                                    std::int64_t grid, bool shifted) {
  if (size >= length) return {0};
  const std::int64_t last = length - size;
  const std::int64_t stride = std::max(grid, round_down(size - std::min(overlap, size - 1), grid));
  const std::int64_t steps = (last + stride - 1) / stride;  // from the first tile to the last one
  std::vector<std::int64_t> starts;
  for (std::int64_t i = 0; i <= steps; ++i)
    starts.push_back(std::min(last, round_down((i * last + steps - 1) / steps + grid - 1, grid)));
  if (!shifted) return starts;
  std::vector<std::int64_t> between{0};
  for (std::size_t i = 1; i < starts.size(); ++i) {
    const std::int64_t middle = round_down((starts[i - 1] + starts[i]) / 2, grid);
    if (middle > between.back()) between.push_back(middle);
  }
  if (last > between.back()) between.push_back(last);
  return between;
}

}  // namespace

std::vector<Tile> tiles_over(std::int64_t length, const TileAxis& axis, std::int64_t grid, bool shifted,
                             std::int64_t scale) {
  const std::int64_t size = std::min(axis.size, length);
  const auto starts = starts_of(length, size, axis.overlap, grid, shifted);
  std::vector<Tile> tiles;
  std::vector<double> sums(static_cast<std::size_t>(length * scale), 0.0);
  const std::int64_t pixels = size * scale;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    // The weight falls over the overlap with each neighbour; at the ends of the axis there is none.
    const std::int64_t before = i > 0 ? starts[i - 1] + size - starts[i] : 0;
    const std::int64_t after = i + 1 < starts.size() ? starts[i] + size - starts[i + 1] : 0;
    const auto rise = static_cast<double>(before * scale), fall = static_cast<double>(after * scale);
    Tile tile{starts[i], size, std::vector<float>(static_cast<std::size_t>(pixels))};
    for (std::int64_t k = 0; k < pixels; ++k) {
      const double from_start = static_cast<double>(k) + 0.5, to_end = static_cast<double>(pixels - k) - 0.5;
      double weight = 1;
      if (before > 0) weight = std::min(weight, from_start / rise);
      if (after > 0) weight = std::min(weight, to_end / fall);
      tile.weights[static_cast<std::size_t>(k)] = static_cast<float>(weight);
      sums[static_cast<std::size_t>(tile.first * scale + k)] += weight;
    }
    tiles.push_back(std::move(tile));
  }
  for (Tile& tile : tiles) {
    for (std::int64_t k = 0; k < pixels; ++k)
      tile.weights[static_cast<std::size_t>(k)] = static_cast<float>(
          tile.weights[static_cast<std::size_t>(k)] / sums[static_cast<std::size_t>(tile.first * scale + k)]);
  }
  return tiles;
}

double tiles_per_step(const Tiling& tiling, std::int64_t frames, std::int64_t rows, std::int64_t columns,
                      std::int64_t patch_rows, std::int64_t patch_columns) {
  double tiles = 0;
  for (const bool shifted : {false, true}) {
    tiles += static_cast<double>(tiles_over(frames, tiling.frames, 1, shifted).size() *
                                 tiles_over(rows, tiling.rows, patch_rows, shifted).size() *
                                 tiles_over(columns, tiling.columns, patch_columns, shifted).size());
  }
  return tiles / 2;
}

}  // namespace sora
