#include "media/read/rgb_converter.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/log.h"
#include "core/text.h"
#include "media/frame_converter.h"
#include "media/read/input_file.h"

extern "C" {
#include <libavutil/display.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

namespace sora {
namespace {

constexpr double kMostAspect = 64;  // of a pixel; more is damage

const AVPixFmtDescriptor& descriptor(const AVFrame& frame) {
  return *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
}

bool is_rgb(const AVPixFmtDescriptor& format) {
  return (format.flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

// A palette may have transparent colours.
bool has_alpha(const AVPixFmtDescriptor& format) {
  return (format.flags & (AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL)) != 0;
}

const std::int32_t* display_matrix(const AVFrame& frame, const AVStream& stream) {
  if (const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX)) {
    return reinterpret_cast<const std::int32_t*>(data->data);
  }
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
  const AVPacketSideData* data = av_packet_side_data_get(
      stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  return data && data->size >= 36 ? reinterpret_cast<const std::int32_t*>(data->data) : nullptr;
#else
  std::size_t size = 0;
  const std::uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  return size >= 36 ? reinterpret_cast<const std::int32_t*>(data) : nullptr;
#endif
}

// cd/m2: of the brightest pixel, else of the screen on which the film was mastered.
double peak_of(const AVFrame& frame) {
  if (const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL)) {
    const unsigned most = reinterpret_cast<const AVContentLightMetadata*>(data->data)->MaxCLL;
    if (most > 0) return most;
  }
  if (const AVFrameSideData* data =
          av_frame_get_side_data(&frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA)) {
    const auto* screen = reinterpret_cast<const AVMasteringDisplayMetadata*>(data->data);
    if (screen->has_luminance != 0 && screen->max_luminance.num > 0 && screen->max_luminance.den > 0) {
      return av_q2d(screen->max_luminance);
    }
  }
  return 1000;
}

AVColorSpace matrix_of(const AVFrame& frame, const std::string& container, const std::string& name) {
  if (is_rgb(descriptor(frame))) return AVCOL_SPC_RGB;
  switch (frame.colorspace) {
    case AVCOL_SPC_UNSPECIFIED:
    case AVCOL_SPC_RESERVED:
    case AVCOL_SPC_RGB:  // a wrong tag, since the samples are not RGB
      break;
    case AVCOL_SPC_YCGCO:
    case AVCOL_SPC_ICTCP:
    case AVCOL_SPC_SMPTE2085:
    case AVCOL_SPC_CHROMA_DERIVED_CL:
      throw Error(ErrorKind::data, "media",
                  name + ": its colours are " + av_color_space_name(frame.colorspace) +
                      ", which is not supported; convert it to BT.709, for instance with ffmpeg");
    default:
      return frame.colorspace;
  }
  if (frame.color_primaries == AVCOL_PRI_BT2020) return AVCOL_SPC_BT2020_NCL;
  // YUV4MPEG2 has no tag for the matrix; programs that write it, this one included, use BT.601.
  const bool large = frame.height > 576 && container != "yuv4mpegpipe";
  return large ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

bool full_range(const AVFrame& frame, bool is_image) {
  const AVPixFmtDescriptor& format = descriptor(frame);
  if (is_rgb(format) || std::string_view(format.name).starts_with("yuvj")) return true;
  if (frame.color_range != AVCOL_RANGE_UNSPECIFIED) return frame.color_range == AVCOL_RANGE_JPEG;
  return is_image && format.nb_components < 3;  // grey
}

int coefficients(AVColorSpace matrix) {
  switch (matrix) {
    case AVCOL_SPC_BT709:
      return SWS_CS_ITU709;
    case AVCOL_SPC_FCC:
      return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M:
      return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return SWS_CS_BT2020;
    default:
      return SWS_CS_ITU601;
  }
}

// Positions of chroma samples in 1/256 of a pixel, as libswscale counts them.
struct ChromaPosition {
  int x, y;
};
ChromaPosition chroma_position(const AVFrame& frame, bool full) {
  switch (frame.chroma_location) {
    case AVCHROMA_LOC_CENTER:
      return {128, 128};
    case AVCHROMA_LOC_TOPLEFT:
      return {0, 0};
    case AVCHROMA_LOC_TOP:
      return {128, 0};
    case AVCHROMA_LOC_BOTTOMLEFT:
      return {0, 256};
    case AVCHROMA_LOC_BOTTOM:
      return {128, 256};
    case AVCHROMA_LOC_LEFT:
      return {0, 128};
    default:
      return {full ? 128 : 0, 128};  // JPEG's and MPEG's
  }
}

}  // namespace

FrameProperties frame_properties(const AVFrame& frame, const AVStream& stream, const ImageHeader* image,
                                 const std::string& container, const std::string& name) {
  FrameProperties properties;
  properties.matrix = matrix_of(frame, container, name);
  properties.full_range = full_range(frame, image != nullptr);
  if (frame.color_trc == AVCOL_TRC_SMPTE2084) properties.transfer = Transfer::pq;
  if (frame.color_trc == AVCOL_TRC_ARIB_STD_B67) properties.transfer = Transfer::hlg;
  const bool hdr = properties.transfer != Transfer::sdr;
  if (frame.color_primaries == AVCOL_PRI_BT2020 || (hdr && frame.color_primaries == AVCOL_PRI_UNSPECIFIED)) {
    properties.primaries = Primaries::bt2020;
  }
  if (frame.color_primaries == AVCOL_PRI_SMPTE432) properties.primaries = Primaries::p3;
  if (properties.transfer == Transfer::pq) properties.peak = peak_of(frame);
  if (hdr) {
    log(LogLevel::warning, "[media] " + name + ": is HDR (" + av_color_transfer_name(frame.color_trc) +
                               "); it is tone-mapped to sRGB");
  }
  AVRational aspect = frame.sample_aspect_ratio;
  if (stream.sample_aspect_ratio.num > 0)
    aspect = stream.sample_aspect_ratio;  // the container's value has priority
  if (!image && aspect.num > 0 && aspect.den > 0) {
    const double ratio = av_q2d(aspect);
    if (ratio >= 1 / kMostAspect && ratio <= kMostAspect) {
      properties.pixel_aspect = ratio;
    } else {
      log(LogLevel::warning, "[media] " + name + ": its pixels claim to be " + number_text(ratio) +
                                 " times as wide as high; they are taken as square");
    }
  }
  if (image) {
    properties.orientation = image->orientation;
  } else if (const std::int32_t* matrix = display_matrix(frame, stream)) {
    bool right_angle = true;
    properties.orientation = matrix_orientation(matrix, right_angle);
    if (!right_angle) {
      log(LogLevel::warning, "[media] " + name +
                                 ": is rotated by an angle that is not a multiple of 90 degrees; " +
                                 "the nearest one is used");
    }
  }
  return properties;
}

std::pair<int, int> shown_size(int width, int height, const FrameProperties& properties) {
  // Stretched rather than shrunk, so that nothing is lost.
  const double aspect = properties.pixel_aspect;
  if (aspect > 1) width = static_cast<int>(std::lround(width * aspect));
  if (aspect < 1) height = static_cast<int>(std::lround(height / aspect));
  if (properties.orientation.transpose) std::swap(width, height);
  return {width, height};
}

RgbConverter::RgbConverter(const ReadSettings& settings, const FrameProperties& properties)
    : settings_(settings), properties_(properties) {
  if (properties.transfer != Transfer::sdr || properties.primaries != Primaries::bt709) {
    tone_map_ = std::make_unique<ToneMap>(properties.transfer, properties.primaries, properties.peak);
  }
}

RgbConverter::Placement RgbConverter::place(const AVFrame& frame) const {
  const bool turn = properties_.orientation.transpose;
  const int want_width = turn ? settings_.height : settings_.width;
  const int want_height = turn ? settings_.width : settings_.height;
  Placement p;
  p.width = frame.width;
  p.height = frame.height;
  p.scaled_width = p.kept_width = want_width;
  p.scaled_height = p.kept_height = want_height;
  const double shape = frame.width * properties_.pixel_aspect / frame.height;
  const double wanted = static_cast<double>(want_width) / want_height;
  // Half a pixel of difference in shape is rounding, and needs neither bars nor cropping.
  const bool same_shape =
      std::abs(want_height * shape - want_width) < 1 || std::abs(want_width / shape - want_height) < 1;
  if (settings_.fit == Fit::stretch || same_shape) return p;
  if (settings_.fit == Fit::contain) {
    if (shape > wanted) {
      p.scaled_height = p.kept_height = std::max(1, static_cast<int>(std::lround(want_width / shape)));
    } else {
      p.scaled_width = p.kept_width = std::max(1, static_cast<int>(std::lround(want_height * shape)));
    }
    p.at_x = (settings_.width - (turn ? p.kept_height : p.kept_width)) / 2;
    p.at_y = (settings_.height - (turn ? p.kept_width : p.kept_height)) / 2;
    return p;
  }
  // Cover: only the visible part of the source, rounded outwards to whole chroma samples.
  const AVPixFmtDescriptor& format = descriptor(frame);
  const auto cut = [](int size, double kept, int step, int want, int& from, int& count, int& scaled,
                      int& skip) {
    const double start = (size - kept) / 2;
    from = static_cast<int>(start) / step * step;
    count = std::min(size, (static_cast<int>(std::ceil(start + kept)) + step - 1) / step * step) - from;
    scaled = std::max(want, static_cast<int>(std::lround(count * want / kept)));
    skip = std::min(static_cast<int>(std::lround((start - from) * want / kept)), scaled - want);
  };
  if (shape > wanted) {
    cut(frame.width, frame.width * wanted / shape, 1 << format.log2_chroma_w, want_width, p.left, p.width,
        p.scaled_width, p.skip_x);
  } else {
    cut(frame.height, frame.height * shape / wanted, 1 << format.log2_chroma_h, want_height, p.top, p.height,
        p.scaled_height, p.skip_y);
  }
  return p;
}

// Blends alpha over the background, on sRGB values as browsers do. Before scaling, so that the colours of
// transparent pixels do not bleed into their neighbours. Returns RGB0 of the same size.
av::FramePtr RgbConverter::blended(const AVFrame& frame) const {
  av::FramePtr rgba = make_frame(frame.width, frame.height, AV_PIX_FMT_RGBA);
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const av::SwsPtr unpack(sws_getContext(
      frame.width, frame.height, format, frame.width, frame.height, AV_PIX_FMT_RGBA,
      SWS_POINT | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr));
  if (!unpack) {
    throw Error(ErrorKind::data, "media", std::string("libswscale does not read ") + descriptor(frame).name);
  }
  const int* matrix = sws_getCoefficients(coefficients(properties_.matrix));
  sws_setColorspaceDetails(unpack.get(), matrix, properties_.full_range ? 1 : 0, matrix, 1, 0, 1 << 16,
                           1 << 16);
  sws_scale(unpack.get(), frame.data, frame.linesize, 0, frame.height, rgba->data, rgba->linesize);
  for (int y = 0; y < frame.height; ++y) {
    std::uint8_t* p = rgba->data[0] + static_cast<std::ptrdiff_t>(y) * rgba->linesize[0];
    for (int x = 0; x < frame.width; ++x, p += 4) {
      const int alpha = p[3];
      for (std::size_t c = 0; c < 3; ++c) {
        p[c] =
            static_cast<std::uint8_t>((p[c] * alpha + settings_.background[c] * (255 - alpha) + 127) / 255);
      }
      p[3] = 255;
    }
  }
  rgba->format = AV_PIX_FMT_RGB0;
  return rgba;
}

av::FramePtr RgbConverter::scaled(const AVFrame& frame, int width, int height, AVPixelFormat format) {
  // libswscale refuses filters of more than some 160 taps; shrinking by n, Lanczos has 6 n.
  constexpr int kMostShrink = 16;
  if (frame.width / kMostShrink > width || frame.height / kMostShrink > height) {
    const av::FramePtr between = scaled(frame, std::max(width, frame.width / kMostShrink),
                                        std::max(height, frame.height / kMostShrink), format);
    return scaled(*between, width, height, format);
  }
  const Key key{frame.width, frame.height, frame.format, width, height, format};
  if (!scaler_ || !(key == key_)) {
    scaler_.reset(av::allocated(sws_alloc_context()));
    const auto set = [&](const char* name, std::int64_t value) {
      av_opt_set_int(scaler_.get(), name, value, 0);
    };
    set("srcw", frame.width);
    set("srch", frame.height);
    set("src_format", frame.format);
    set("dstw", width);
    set("dsth", height);
    set("dst_format", format);
    set("sws_flags", SWS_LANCZOS | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP);
    const AVPixFmtDescriptor& source = descriptor(frame);
    const ChromaPosition chroma = chroma_position(frame, properties_.full_range);
    if (source.log2_chroma_w > 0) set("src_h_chr_pos", chroma.x);
    if (source.log2_chroma_h > 0) set("src_v_chr_pos", chroma.y);
    if (sws_init_context(scaler_.get(), nullptr, nullptr) < 0) {
      throw Error(ErrorKind::data, "media",
                  std::string("libswscale cannot resample ") + source.name + " " +
                      std::to_string(frame.width) + "x" + std::to_string(frame.height) + " to " +
                      std::to_string(width) + "x" + std::to_string(height) +
                      "; choose a size nearer to the file's");
    }
    const int* matrix = sws_getCoefficients(coefficients(properties_.matrix));
    const bool full = properties_.full_range || is_rgb(source);
    sws_setColorspaceDetails(scaler_.get(), matrix, full ? 1 : 0, matrix, 1, 0, 1 << 16, 1 << 16);
    key_ = key;
  }
  av::FramePtr out = make_frame(width, height, format);
  const int rows =
      sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, out->data, out->linesize);
  if (rows != height) {
    throw Error(ErrorKind::internal, "media", "libswscale failed on a frame: " + av::error_text(rows));
  }
  return out;
}

// RGB24 as stored -> as shown.
av::FramePtr RgbConverter::turned(av::FramePtr rgb) {
  if (properties_.orientation.identity()) return rgb;
  const std::pair size(rgb->width, rgb->height);
  if (!turner_ || turner_size_ != size) {
    turner_ = std::make_unique<FilterGraph>(properties_.orientation.filters(), size.first, size.second,
                                            AV_PIX_FMT_RGB24, AV_PIX_FMT_RGB24);
    turner_size_ = size;
  }
  turner_->send(rgb.get());
  av::FramePtr shown = turner_->receive();
  if (!shown) throw Error(ErrorKind::internal, "media", "libavfilter gave no frame back");
  return shown;
}

void RgbConverter::convert(const AVFrame& decoded, VideoFrame& out) {
  av::FramePtr frame(av::allocated(av_frame_clone(&decoded)));
  const Placement p = place(*frame);
  frame->crop_left = static_cast<std::size_t>(p.left);
  frame->crop_top = static_cast<std::size_t>(p.top);
  frame->crop_right = static_cast<std::size_t>(frame->width - p.left - p.width);
  frame->crop_bottom = static_cast<std::size_t>(frame->height - p.top - p.height);
  av_frame_apply_cropping(frame.get(), AV_FRAME_CROP_UNALIGNED);
  if (has_alpha(descriptor(*frame))) frame = blended(*frame);
  const AVPixelFormat format = tone_map_ ? AV_PIX_FMT_RGB48 : AV_PIX_FMT_RGB24;
  av::FramePtr rgb = scaled(*frame, p.scaled_width, p.scaled_height, format);
  if (tone_map_) {
    av::FramePtr mapped = make_frame(rgb->width, rgb->height, AV_PIX_FMT_RGB24);
    for (int y = 0; y < rgb->height; ++y) {
      tone_map_->row(
          reinterpret_cast<const std::uint16_t*>(rgb->data[0] + std::ptrdiff_t{y} * rgb->linesize[0]),
          mapped->data[0] + std::ptrdiff_t{y} * mapped->linesize[0], rgb->width);
    }
    rgb = std::move(mapped);
  }
  out.width = settings_.width;
  out.height = settings_.height;
  const std::size_t pixels = static_cast<std::size_t>(out.width) * static_cast<std::size_t>(out.height);
  out.rgb.resize(pixels * 3);
  rgb->crop_left = static_cast<std::size_t>(p.skip_x);
  rgb->crop_top = static_cast<std::size_t>(p.skip_y);
  rgb->crop_right = static_cast<std::size_t>(rgb->width - p.skip_x - p.kept_width);
  rgb->crop_bottom = static_cast<std::size_t>(rgb->height - p.skip_y - p.kept_height);
  av_frame_apply_cropping(rgb.get(), AV_FRAME_CROP_UNALIGNED);
  rgb = turned(std::move(rgb));
  if (rgb->width < out.width || rgb->height < out.height) {
    for (std::size_t i = 0; i < pixels; ++i) std::copy_n(settings_.background.data(), 3, &out.rgb[3 * i]);
  }
  const std::ptrdiff_t stride = std::ptrdiff_t{out.width} * 3;
  for (int y = 0; y < rgb->height; ++y) {
    std::memcpy(out.rgb.data() + (p.at_y + y) * stride + std::ptrdiff_t{p.at_x} * 3,
                rgb->data[0] + std::ptrdiff_t{y} * rgb->linesize[0],
                static_cast<std::size_t>(rgb->width) * 3);
  }
}

}  // namespace sora
