// How the samples of a picture encode colours.
#pragma once

#include <string>

#include "media/av.h"

namespace sora {

/// How the samples of a pixel format encode colours, and where its chroma samples are.
struct Colour {
  AVColorSpace matrix = AVCOL_SPC_BT709;
  AVColorRange range = AVCOL_RANGE_MPEG;
  AVChromaLocation chroma = AVCHROMA_LOC_UNSPECIFIED;
};
Colour colour_of(const std::string& codec, AVPixelFormat pix_fmt);
/// As readers interpret it: where no matrix is named, BT.601 up to 576 lines and BT.709 above.
Colour colour_of(const AVCodecParameters& video);

/// libav's number for a name; throws usage when it knows none.
AVPixelFormat pixel_format(const std::string& name);

}  // namespace sora
