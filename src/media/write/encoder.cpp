#include "media/write/encoder.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "core/text.h"
#include "media/codecs.h"
#include "media/colour.h"

namespace sora {
namespace {

// Note [Pinned threads]
// The output of x264 and x265 depends on their number of threads, so it is fixed instead of taken from the
// machine. Four threads keep two to eight cores busy at usual sizes.
constexpr int kThreads = 4;

// With two decimals, as a fraction: libav reads decimals by strtod(), which expects a comma in some locales.
std::string number(double value) {
  std::string text = fixed_text(value, 6);
  const std::size_t point = text.find('.');
  return text.erase(point, 1).substr(0, point + 2) + "/100";
}

// Note [Presets]
// Chosen by the CPU time for 40 frames of 1920x1080 that were enlarged from 176x96, at crf 18. x264: medium
// 13.7 s and 4.14 MB, faster 7.9 s and 3.91 MB, veryfast 5.1 s and 3.97 MB. x265, 20 frames: medium 22.6 s
// and 0.95 MB, fast 5.5 s and 1.02 MB.

void set_x264(const EncoderSettings& s, AVCodecContext& context, av::Options& options) {
  context.thread_count = kThreads;
  options.set("preset", s.preset.empty() ? "faster" : s.preset);
  options.set("crf", std::to_string(s.crf));
  // Without cpu-independent x264 chooses some methods by the instructions that the processor has.
  std::string params = "cpu-independent=1";
  if (s.parameter_set >= 0) params += ":annexb=0:sps-id=" + std::to_string(s.parameter_set);
  options.set("x264-params", params);
  if (s.live) options.set("tune", "zerolatency");
}

void set_x265(const EncoderSettings& s, av::Options& options) {
  options.set("preset", s.preset.empty() ? "fast" : s.preset);
  options.set("crf", std::to_string(s.crf));
  std::string params = "log-level=none:info=0:frame-threads=2:pools=" + std::to_string(kThreads);
  if (s.live) params += ":bframes=0:rc-lookahead=0:b-adapt=0:scenecut=0:frame-threads=1";
  options.set("x265-params", params);
}

void set_svtav1(const EncoderSettings& s, av::Options& options) {
  // SVT-AV1 prints to stderr itself, even that a run was given up; only this variable sets its log level.
  ::setenv("SVT_LOG", "0", 0);
  options.set("preset", s.preset.empty() ? "7" : s.preset);
  options.set("crf", std::to_string(s.crf));
  options.set("svtav1-params", "lp=" + std::to_string(kThreads));
}

void set_libaom(const EncoderSettings& s, AVCodecContext& context, av::Options& options) {
  context.thread_count = kThreads;
  options.set("cpu-used", s.preset.empty() ? "6" : s.preset);
  options.set("crf", std::to_string(s.crf));
  options.set("row-mt", "1");
  if (s.live) options.set("lag-in-frames", "0");
}

void set_vp9(const EncoderSettings& s, AVCodecContext& context, av::Options& options) {
  context.thread_count = kThreads;
  options.set("deadline", "good");
  options.set("cpu-used", s.preset.empty() ? "4" : s.preset);
  options.set("crf", std::to_string(s.crf));
  options.set("b", "0");  // quality alone decides
  options.set("row-mt", "1");
  options.set("tile-columns", "2");
  if (s.live) {
    options.set("lag-in-frames", "0");
    options.set("auto-alt-ref", "0");
  }
}

void set_ffv1(AVCodecContext& context, av::Options& options) {
  context.thread_count = kThreads;
  context.gop_size = 1;
  options.set("level", "3");
  options.set("slices", "4");
  options.set("slicecrc", "1");
}

void set_options(const std::string& encoder, const EncoderSettings& s, AVCodecContext& context,
                 av::Options& options) {
  // A key frame every five seconds, so that players can seek; every second in a stream, so that
  // players can start in the middle.
  context.gop_size = std::max(1, static_cast<int>(std::lround(av_q2d(s.rate) * (s.live ? 1 : 5))));
  context.thread_count = 1;
  if (encoder == "libx264") set_x264(s, context, options);
  if (encoder == "libx265") set_x265(s, options);
  if (encoder == "libsvtav1") set_svtav1(s, options);
  if (encoder == "libaom-av1") set_libaom(s, context, options);
  if (encoder == "libvpx-vp9") set_vp9(s, context, options);
  if (encoder == "ffv1") set_ffv1(context, options);
  if (encoder == "mjpeg") {  // quantiser 1..31: crf 18 is 2, ffmpeg's own best default
    context.flags |= AV_CODEC_FLAG_QSCALE;
    context.global_quality = FF_QP2LAMBDA * std::clamp(s.crf / 9, 1, 31);
  }
  if (encoder.starts_with("libwebp")) options.set("quality", number(100 - s.crf / 1.8));  // crf 18 is 90
  if (encoder == "png") options.set("pred", "mixed");
}

}  // namespace

Encoder::Encoder(const EncoderSettings& s) : packet_(av::allocated(av_packet_alloc())) {
  const std::string name = encoder_for(s.codec, s.width, s.height, s.pix_fmt);
  const AVCodec* encoder = avcodec_find_encoder_by_name(name.c_str());
  context_.reset(av::allocated(avcodec_alloc_context3(encoder)));
  AVCodecContext& context = *context_;
  context.width = s.width;
  context.height = s.height;
  context.pix_fmt = pixel_format(s.pix_fmt);
  context.time_base = av_inv_q(s.rate);
  context.framerate = s.rate;
  context.sample_aspect_ratio = {1, 1};
  const Colour colour = colour_of(s.codec, context.pix_fmt);
  context.colorspace = colour.matrix;
  context.color_range = colour.range;
  context.chroma_sample_location = colour.chroma;
  context.color_primaries = AVCOL_PRI_BT709;
  context.color_trc = s.codec == "png" ? AVCOL_TRC_IEC61966_2_1 : AVCOL_TRC_BT709;
  if (s.beside != nullptr) {
    context.colorspace = s.beside->color_space;
    context.color_range = s.beside->color_range;
    context.chroma_sample_location = s.beside->chroma_location;
    context.color_primaries = s.beside->color_primaries;
    context.color_trc = s.beside->color_trc;
  }
  context.flags |= AV_CODEC_FLAG_BITEXACT;
  if (s.global_header) context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;

  av::Options options;
  set_options(name, s, context, options);
  const int code = avcodec_open2(context_.get(), encoder, options.get());
  if (code < 0) {
    throw Error(ErrorKind::unavailable, "media",
                "the encoder " + name + " does not take " + std::to_string(s.width) + "x" +
                    std::to_string(s.height) + " " + s.pix_fmt +
                    (s.preset.empty() ? "" : " with preset " + s.preset) + ": " + av::error_text(code) +
                    "; choose another --codec or size");
  }
  if (!options.left().empty()) {
    throw Error(ErrorKind::unavailable, "media",
                "the encoder " + name + " of this libavcodec does not know the option " + options.left());
  }
}

// SVT-AV1 waits without end for a packet when it is closed without a first frame, or before the end.
Encoder::~Encoder() {
  if (ended_ || std::string_view(context_->codec->name) != "libsvtav1") return;
  if (!begun_) {
    const av::FramePtr blank(av_frame_alloc());
    if (!blank) return;
    blank->width = context_->width;
    blank->height = context_->height;
    blank->format = context_->pix_fmt;
    blank->pts = 0;
    if (av_frame_get_buffer(blank.get(), 0) < 0) return;
    if (avcodec_send_frame(context_.get(), blank.get()) < 0) return;
  }
  if (avcodec_send_frame(context_.get(), nullptr) < 0) return;
  while (avcodec_receive_packet(context_.get(), packet_.get()) >= 0) av_packet_unref(packet_.get());
}

void Encoder::encode(const AVFrame* frame, const PacketSink& take) {
  const auto check = [&](int code) {
    if (code >= 0) return;
    throw Error(ErrorKind::internal, "media",
                std::string("the encoder ") + context_->codec->name + " failed: " + av::error_text(code));
  };
  begun_ = begun_ || frame != nullptr;
  ended_ = frame == nullptr;
  check(avcodec_send_frame(context_.get(), frame));
  for (;;) {
    const int code = avcodec_receive_packet(context_.get(), packet_.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return;
    check(code);
    take(*packet_);
    av_packet_unref(packet_.get());
  }
}

}  // namespace sora
