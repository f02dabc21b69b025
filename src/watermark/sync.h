// Finds the size and the place of the tiles in a sum of frames.
#pragma once

#include <array>
#include <complex>
#include <vector>

#include "watermark/pattern.h"
#include "watermark/wave_sums.h"

namespace sora {

/// Where the tiles are, and how well the pilot waves agree with that (Note [Reading]).
struct Sync {
  double tile_width = 0, tile_height = 0;  ///< pixels
  double x = 0, y = 0;                     ///< of the corner of a tile, in tiles, 0 to 1
  double agreement = 0;                    ///< z
  double false_alarm = 1;  ///< bound on the probability of this in a picture without a mark; at most 1
};

/// The waves of a picture, each divided by the strength of waves of about the same frequency. Those that a
/// tile of this size cannot have are 0.
class MeasuredWaves {
 public:
  MeasuredWaves(const std::vector<Wave>& waves, const Greys& picture, double tile_width, double tile_height);

  const std::vector<std::complex<float>>& values() const { return values_; }  ///< in the order of the waves

  /// The best place of the tiles on a grid, and near it; `false_alarm` is not set.
  Sync best_place(const std::vector<Wave>& waves) const;
  /// The same where a tile begins in the picture's corner.
  Sync at_corner(const std::vector<Wave>& waves) const;

 private:
  Sync climbed(const std::vector<Wave>& waves, Sync sync, double step, int steps) const;
  double agreement(const std::vector<Wave>& waves, double x, double y) const;

  double tile_width_, tile_height_;
  std::vector<std::complex<float>> values_;
  double deviation_ = 0;  // of the sum over the pilot waves
};

/// Looks first for tiles of frequent sizes that begin in the corner, as in pictures that are whole, then for
/// these anywhere, then for all sizes; the surest of them in a picture of `width` x `height` in `values`.
/// Each of the three has its share of the false alarms that are allowed: where little is tried, less
/// agreement is enough.
Sync find_tiles(const Pattern& pattern, const std::vector<float>& values, int width, int height);

}  // namespace sora
