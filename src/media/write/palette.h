// Reduces true colour to 255 colours, for GIF.
//
// libavfilter's palettegen is not used, since it must see all frames before the first is written. Compared
// with it and paletteuse's sierra2_4a, on three clips: 0.5 to 2.1 dB more PSNR, 1.2 to 2.8 dB over means of
// 5x5 pixels, less flicker, in a sixth to a half of the CPU time. Its palette for each frame
// (stats_mode=single) can stream; it is about as close (-0.1 to 1.6 dB), flickers more and takes 3 to 11
// times as long.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "media/write/colour_boxes.h"

namespace sora {

/// Makes a palette for each frame, but reuses the last palette while it suits the new frame nearly as well: a
/// palette that changes at every frame flickers and compresses badly.
class AdaptivePalette {
 public:
  /// 0xAARRGGBB. The last entry is transparent: the encoder uses it for pixels that do not change.
  using Colours = std::array<std::uint32_t, 256>;

  AdaptivePalette(int width, int height);

  /// rgb [height, width, 3] to indices [height, width] into colours(), with error diffusion.
  void convert(const std::uint8_t* rgb, std::ptrdiff_t stride, std::uint8_t* indices,
               std::ptrdiff_t index_stride);

  const Colours& colours() const { return colours_; }

 private:
  void choose(std::vector<std::uint32_t> fresh);
  std::uint8_t nearest(int r, int g, int b);

  int width_;
  int height_;
  ColourCells cells_;
  std::vector<std::uint32_t> chosen_;  // the colours that differ
  Colours colours_{};

  // Nearest colours by the upper six bits of r, g, b; -1: not looked up yet. A page is one row of blues.
  std::array<std::int16_t, std::size_t{1} << 12> page_of_{};  // by r and g; -1: none yet
  std::vector<std::array<std::int16_t, 64>> pages_;
};

}  // namespace sora
