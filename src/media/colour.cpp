#include "media/colour.h"

#include <string>

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace sora {

AVPixelFormat pixel_format(const std::string& name) {
  const AVPixelFormat format = av_get_pix_fmt(name.c_str());
  if (format == AV_PIX_FMT_NONE) {
    throw Error(ErrorKind::usage, "media", "--pix-fmt " + name + " is not known to libav");
  }
  return format;
}

Colour colour_of(const std::string& codec, AVPixelFormat pix_fmt) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(pix_fmt);
  if ((format->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0) {
    return {AVCOL_SPC_RGB, AVCOL_RANGE_JPEG, AVCHROMA_LOC_UNSPECIFIED};
  }
  // JFIF: BT.601, full range, chroma in the middle of its pixels.
  if (codec == "mjpeg") return {AVCOL_SPC_BT470BG, AVCOL_RANGE_JPEG, AVCHROMA_LOC_CENTER};
  const AVChromaLocation chroma = format->log2_chroma_w > 0 ? AVCHROMA_LOC_LEFT : AVCHROMA_LOC_UNSPECIFIED;
  // YUV4MPEG2 has no tag for the matrix; without one, readers take BT.601.
  if (codec == "rawvideo") return {AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG, chroma};
  return {AVCOL_SPC_BT709, AVCOL_RANGE_MPEG, chroma};
}

Colour colour_of(const AVCodecParameters& video) {
  Colour colour{video.color_space,
                video.color_range == AVCOL_RANGE_JPEG ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG,
                video.chroma_location};
  if (colour.matrix == AVCOL_SPC_UNSPECIFIED) {
    colour.matrix = video.height <= 576 ? AVCOL_SPC_SMPTE170M : AVCOL_SPC_BT709;
  }
  if (colour.chroma == AVCHROMA_LOC_UNSPECIFIED) colour.chroma = AVCHROMA_LOC_LEFT;
  return colour;
}

}  // namespace sora
