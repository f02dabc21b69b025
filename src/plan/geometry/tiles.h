// How a large picture and a long window are covered with pieces of the size that a network knows. No tensors.
//
// Note [Tiles]
// A network that was trained on one size makes nonsense of a picture many times as large, and attention over
// all of it costs the square of its area. So each step predicts the noise of overlapping tiles and blends the
// predictions (MultiDiffusion, Bar-Tal et al. 2302.08113): the latents stay one whole, and each step brings
// the tiles to agree. A tile's weight fades towards its edges, where it knows least; the weights of all tiles
// over a cell sum to one. Every other step lies half a tile further, so that no place is an edge in all
// steps.
#pragma once

#include <cstdint>
#include <vector>

#include "sora/plan.h"

namespace sora {

/// Small tiles go through a network together: a product over few tokens does not fill a machine.
constexpr std::int64_t kTokensAtOnce = 2560;

struct Tile {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::vector<float> weights;  ///< of its cells, as many as `count` times the scale asked for
};

/// Tiles of axis.size or, where that is more, of `length`, that cover 0 .. length - 1. All begin on multiples
/// of `grid`, of which length and sizes are multiples. `shifted`: the edges inside lie elsewhere. The weights
/// are for cells of `scale` pixels each, and sum to one over every pixel.
std::vector<Tile> tiles_over(std::int64_t length, const TileAxis& axis, std::int64_t grid, bool shifted,
                             std::int64_t scale = 1);

/// How many tiles a step has: the mean of its two layouts.
double tiles_per_step(const Tiling& tiling, std::int64_t frames, std::int64_t rows, std::int64_t columns,
                      std::int64_t patch_rows, std::int64_t patch_columns);

}  // namespace sora
