// Converts RGB frames to the size and the pixel format of an encoder.
#pragma once

#include <cstddef>
#include <cstdint>

#include "media/av.h"
#include "media/colour.h"

namespace sora {

/// Resamples with Lanczos (three lobes), in the same pass as the change of colour space.
class FrameConverter {
 public:
  FrameConverter(int source_width, int source_height, int width, int height, AVPixelFormat pix_fmt,
                 const Colour& colour);

  /// rgb [source_height, source_width, 3], each row followed by at least 64 more bytes, because libswscale
  /// reads past its end. The returned frame belongs to the caller.
  av::FramePtr convert(const std::uint8_t* rgb, std::ptrdiff_t stride) const;

 private:
  int source_height_;
  int width_;
  int height_;
  AVPixelFormat pix_fmt_;
  Colour colour_;
  av::SwsPtr scaler_;
};

/// A new frame with memory for its samples.
av::FramePtr make_frame(int width, int height, AVPixelFormat pix_fmt);

}  // namespace sora
