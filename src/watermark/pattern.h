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

constexpr int kLowest = 9, kHighest = 26;  // cycles a tile

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

  /// Of each wave, its phase with the payload `bits` in it; of magnitude 1.
  std::vector<std::complex<float>> phases(std::uint64_t bits) const;

 private:
  std::vector<Wave> waves_;
};

/// Draws tiles of size x size pixels.
class TileMaker {
 public:
  TileMaker(std::vector<Wave> waves, int size);

  /// The sum of the waves with these amplitudes (and phases).
  void draw(const std::vector<std::complex<float>>& amplitudes, std::vector<float>& tile);

 private:
  std::vector<Wave> waves_;
  std::size_t size_;
  std::vector<std::complex<float>> turns_, sums_;
};

/// The side of a tile in a picture whose shorter side is `side`, in pixels; 0: the picture is too small.
int tile_size(int side);

}  // namespace sora
