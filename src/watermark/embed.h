// Puts the watermark into frames.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "watermark/key.h"
#include "watermark/pattern.h"
#include "watermark/payload.h"

namespace sora {

/// Marks one frame after another. A frame's mark depends on that frame alone: the same frame, key and payload
/// give the same bytes. Memory is that of a few frames.
///
/// Note [Strength]
/// - Where a picture is busy it hides more, and encoders keep more: the mark's variance at a pixel is a share
/// of
///   the picture's own variance around it, and less on flat ground. Along edges the least variance nearby
///   counts, so that nothing shows beside them. Then all of it is scaled such that the structural similarity
///   (SSIM) of the two pictures is about kSimilarity, and the mean square at most kMostError.
/// - The picture itself has waves of these frequencies. Waves that are against the mark's already get more of
///   it, and those that are with it get less.
/// - All three channels change by the same amount, so that colours stay.
class WatermarkEmbedder {
 public:
  WatermarkEmbedder(const WatermarkKey& key, const WatermarkPayload& payload, int width, int height);

  /// Whether frames of this size can carry a mark.
  static bool fits(int width, int height);

  /// Changes a frame, [height, width, 3] bytes whose rows are `stride` bytes apart.
  void mark(std::uint8_t* rgb, std::ptrdiff_t stride);

 private:
  void measure(const std::uint8_t* rgb, std::ptrdiff_t stride);
  void balance();
  void scale();

  int width_, height_, tile_;
  Pattern pattern_;
  std::vector<std::complex<float>> phases_, amplitudes_;
  TileMaker maker_;
  std::vector<float> tile_pixels_;
  float plain_ = 1;  // amplitude of the waves at which the mean square of a tile is 1
  // [height, width]: brightness; its fine parts over their strength nearby; the mark's deviation, then the
  // mark; what the similarity loses by a square of the mark
  std::vector<float> grey_, fine_, mark_, loss_, scratch_;
  double response_ = 0;  // of a wave in fine_ to a wave of amplitude 1 in the mark
};

}  // namespace sora
