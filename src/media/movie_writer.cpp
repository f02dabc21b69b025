#include <optional>

#include "core/output_format.h"
#include "media/encoder.h"
#include "media/frame_converter.h"
#include "media/image_text.h"
#include "media/muxer.h"
#include "media/palette.h"
#include "media/sink.h"
#include "media/writers.h"

namespace sora {
namespace {

EncoderSettings encoder_settings(const VideoSettings& s, AVRational rate, bool live, bool global_header) {
  EncoderSettings out;
  out.codec = s.codec;
  out.pix_fmt = s.pix_fmt;
  out.preset = s.preset;
  out.crf = s.crf;
  out.width = s.width;
  out.height = s.height;
  out.rate = rate;
  out.live = live;
  out.global_header = global_header;
  return out;
}

AVRational rational(FrameRate rate) { return {rate.num, rate.den}; }

class MovieWriter : public FrameWriter {
 public:
  MovieWriter(const VideoSettings& s, const Destination& destination)
      : comment_(s.metadata.count("comment") > 0 ? s.metadata.at("comment") : ""),
        sink_(open_sink(destination)),
        muxer_(s.container, *sink_),
        encoder_(encoder_settings(s, rational(frame_rate(s.fps)), !sink_->seekable(),
                                  muxer_.wants_global_header())),
        converter_(s.source_width, s.source_height, s.width, s.height,
                   s.codec == "gif" ? AV_PIX_FMT_RGB24 : encoder_.context().pix_fmt,
                   colour_of(s.codec, encoder_.context().pix_fmt)) {
    if (s.codec == "gif") palette_.emplace(s.width, s.height);
    muxer_.begin(encoder_.context(), encoder_.context().framerate, s.metadata);
  }

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    av::FramePtr frame = converter_.convert(rgb, stride);
    if (palette_) frame = paletted(*frame);
    frame->pts = frames_++;
    encoder_.encode(frame.get(), [this](AVPacket& packet) { muxer_.write(packet); });
  }

  Written finish() override {
    encoder_.encode(nullptr, [this](AVPacket& packet) { muxer_.write(packet); });
    muxer_.finish();
    if (palette_ && !comment_.empty()) append_gif_comment(*sink_, comment_);
    Written written;
    written.frames = frames_;
    written.bytes = sink_->size();
    written.sha256 = sink_->commit();
    return written;
  }

 private:
  av::FramePtr paletted(const AVFrame& rgb) {
    av::FramePtr frame = make_frame(rgb.width, rgb.height, AV_PIX_FMT_PAL8);
    palette_->convert(rgb.data[0], rgb.linesize[0], frame->data[0], frame->linesize[0]);
    std::copy(palette_->colours().begin(), palette_->colours().end(),
              reinterpret_cast<std::uint32_t*>(frame->data[1]));
    return frame;
  }

  std::string comment_;
  std::unique_ptr<Sink> sink_;
  Muxer muxer_;
  Encoder encoder_;
  FrameConverter converter_;
  std::optional<AdaptivePalette> palette_;
  std::int64_t frames_ = 0;
};

}  // namespace

std::unique_ptr<FrameWriter> make_movie_writer(const VideoSettings& settings,
                                               const Destination& destination) {
  return std::make_unique<MovieWriter>(settings, destination);
}

}  // namespace sora
