// Puts the watermark into frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "watermark/key.h"
#include "watermark/payload.h"

namespace sora {

/// Marks one frame after another. A frame's mark depends on that frame alone: the same frame, key and payload
/// give the same bytes. Memory is that of a few frames.
///
/// Note [Strength]
/// Where a picture is busy it hides more: the mark's variance at a pixel is a share of the picture's own
/// variance around it, and on flat ground about a quarter of a grey level, rounded to whole levels. These are
/// the terms that the structural similarity (SSIM) compares; it stays above .995. Along edges the least
/// variance nearby counts, so that nothing shows beside them. All three channels change by the same amount,
/// so that colours stay.
class WatermarkEmbedder {
 public:
  WatermarkEmbedder(const WatermarkKey& key, const WatermarkPayload& payload, int width, int height);

  /// Whether frames of this size can carry a mark.
  static bool fits(int width, int height);

  /// Changes a frame, [height, width, 3] bytes whose rows are `stride` bytes apart.
  void mark(std::uint8_t* rgb, std::ptrdiff_t stride);

 private:
  void measure(const std::uint8_t* rgb, std::ptrdiff_t stride);
  void spread();

  int width_, height_, tile_;
  std::vector<float> pattern_;                // [tile, tile], mean square 1
  std::vector<float> grey_, mark_, scratch_;  // [height, width]
};

}  // namespace sora
