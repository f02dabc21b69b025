#include "media/frame_converter.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace sora {

av::FramePtr make_frame(int width, int height, AVPixelFormat pix_fmt) {
  av::FramePtr frame(av::allocated(av_frame_alloc()));
  frame->width = width;
  frame->height = height;
  frame->format = pix_fmt;
  if (av_frame_get_buffer(frame.get(), 0) < 0) {
    throw Error(ErrorKind::unavailable, "media", "out of memory for a frame of the video");
  }
  return frame;
}

FrameConverter::FrameConverter(int source_width, int source_height, int width, int height,
                               AVPixelFormat pix_fmt, const Colour& colour)
    : source_height_(source_height), width_(width), height_(height), pix_fmt_(pix_fmt), colour_(colour) {
  // ACCURATE_RND and BITEXACT: the same numbers on every processor. FULL_CHR: chroma is made from all
  // pixels of a row instead of every other one.
  const int flags = SWS_LANCZOS | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
  scaler_.reset(av::allocated(sws_alloc_context()));
  const auto set = [&](const char* name, std::int64_t value) {
    if (av_opt_set_int(scaler_.get(), name, value, 0) < 0) {
      throw Error(ErrorKind::internal, "media", std::string("libswscale does not know the option ") + name);
    }
  };
  set("srcw", source_width);
  set("srch", source_height);
  set("src_format", AV_PIX_FMT_RGB24);
  set("dstw", width);
  set("dsth", height);
  set("dst_format", pix_fmt);
  set("sws_flags", flags);
  // Positions of chroma samples in 1/256 of a pixel. libswscale's default is the middle of the pixels that
  // share a sample; MPEG's is the left pixel.
  if (colour.chroma == AVCHROMA_LOC_LEFT) set("dst_h_chr_pos", 0);
  const int* matrix = sws_getCoefficients(colour.matrix == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
  const int full = colour.range == AVCOL_RANGE_JPEG ? 1 : 0;
  sws_setColorspaceDetails(scaler_.get(), matrix, 1, matrix, full, 0, 1 << 16, 1 << 16);
  if (sws_init_context(scaler_.get(), nullptr, nullptr) < 0) {
    throw Error(ErrorKind::unavailable, "media",
                "libswscale cannot resample " + std::to_string(source_width) + "x" +
                    std::to_string(source_height) + " to " + std::to_string(width) + "x" +
                    std::to_string(height) + "; choose a size nearer to the model's");
  }
}

av::FramePtr FrameConverter::convert(const std::uint8_t* rgb, std::ptrdiff_t stride) const {
  av::FramePtr frame = make_frame(width_, height_, pix_fmt_);
  frame->colorspace = colour_.matrix;
  frame->color_range = colour_.range;
  frame->chroma_location = colour_.chroma;
  frame->color_primaries = AVCOL_PRI_BT709;
  frame->sample_aspect_ratio = {1, 1};
  const std::uint8_t* planes[4] = {rgb};
  const int strides[4] = {static_cast<int>(stride)};
  const int rows = sws_scale(scaler_.get(), planes, strides, 0, source_height_, frame->data, frame->linesize);
  if (rows != height_) {
    throw Error(ErrorKind::internal, "media", "libswscale failed on a frame: " + av::error_text(rows));
  }
  return frame;
}

}  // namespace sora
