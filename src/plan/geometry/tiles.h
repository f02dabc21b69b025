// Tiles of the size that a network was trained on, which cover a large picture or a long window. No tensors.
//
// Note [Tiles]
// A network that was trained on one size fails at a picture many times as large, and the cost of attention
// grows with the square of the area. So each step predicts the noise of overlapping tiles and blends the
// predictions (MultiDiffusion, Bar-Tal et al. 2302.08113). There is one tensor of latents for the whole
// picture, and the blending makes neighbouring tiles agree. A tile's weight falls towards its edges, where it
// sees least of the surroundings; the weights of all tiles over a cell sum to one. In every other step the
// tiles are shifted by half a tile, so that no place lies at an edge in all steps.
#pragma once

#include <cstdint>
#include <vector>

#include "sora/plan.h"

namespace sora {

/// Small tiles go through a network together, up to this many tokens: matrix products over few tokens do not
/// use all cores, of a GPU still less than of a CPU.
constexpr std::int64_t tokens_at_once(bool on_cpu) { return on_cpu ? 2560 : 32768; }

struct Tile {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::vector<float> weights;  ///< for blending: `count` times the scale of tiles_over()
};

/// Covers 0 .. length - 1 with tiles of axis.size, but at most `length`. All begin on multiples of `grid`, of
/// which length and sizes must be multiples. `shifted`: for every other step, with the inner edges elsewhere.
/// The weights are for cells of `scale` pixels each, and sum to one over every pixel.
std::vector<Tile> tiles_over(std::int64_t length, const TileAxis& axis, std::int64_t grid, bool shifted,
                             std::int64_t scale = 1);

/// Tiles in a step: the mean of the two layouts.
double tiles_per_step(const Tiling& tiling, std::int64_t frames, std::int64_t rows, std::int64_t columns,
                      std::int64_t patch_rows, std::int64_t patch_columns);

}  // namespace sora
