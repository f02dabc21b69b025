// The pattern of the watermark: a tile that is repeated over the picture.
//
// Note [The pattern]
// A tile is a sum of waves of kLowest to kHighest cycles a tile: the middle frequencies, which encoders keep
// and eyes hardly see. The key gives each wave its phase and a code bit:
// - In phase with the key is the pilot, which is always the same. A reader who knows the key finds it, and by
//   it the size and the place of the tiles: the scale and the crop of the picture.
// - A quarter of a turn ahead is the payload: up or down, as the code bit says. Each bit is in a few waves.
// The tile is the same in all frames. Encoders keep what does not move, a cut or another frame rate leaves it
// as it is, and a single frame has all of it.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <vector>

#include "watermark/code.h"
#include "watermark/key.h"

namespace sora {

constexpr int kLowest = 8, kHighest = 22;  // cycles a tile

struct Wave {
  int x = 0, y = 0;           ///< cycles a tile; y >= 0
  float radius = 0;           ///< cycles
  float height = 0;           ///< relative amplitude
  std::complex<float> phase;  ///< of magnitude 1
  int bit = 0;                ///< which code bit it carries
};

class Pattern {
 public:
  explicit Pattern(const WatermarkKey& key);

  const std::vector<Wave>& waves() const { return waves_; }

  /// A tile of size x size pixels with the payload `bits`: mean 0, mean square 1.
  std::vector<float> tile(int size, std::uint64_t bits) const;

 private:
  std::vector<Wave> waves_;
};

/// The side of a tile in a picture whose shorter side is `side`, in pixels; 0: the picture is too small.
int tile_size(int side);

}  // namespace sora
