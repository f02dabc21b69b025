#include <utility>
#include <vector>

#include "core/output/output_format.h"
#include "media/frame_converter.h"
#include "media/image_xmp.h"
#include "media/write/encoder.h"
#include "media/write/sink.h"
#include "media/write/writers.h"

namespace sora {
namespace {

constexpr const char* kStill = "webp";
constexpr const char* kAnimation = "webp_anim";

// Makes all of a file. libav's encoder of animations keeps the coded frames and returns the file at the end.
class WebpFile {
 public:
  WebpFile(const VideoSettings& s, const std::string& codec)
      : comment_(s.metadata.count("comment") > 0 ? s.metadata.at("comment") : ""),
        encoder_(encoder_settings(s, codec)),
        converter_(s.source_width, s.source_height, s.width, s.height, encoder_.context().pix_fmt,
                   colour_of(codec, encoder_.context().pix_fmt)) {}

  void add(const std::uint8_t* rgb, std::ptrdiff_t stride) {
    const av::FramePtr frame = converter_.convert(rgb, stride);
    frame->pts = frames_++;
    encode(frame.get());
  }

  std::vector<std::uint8_t> finish() {
    encode(nullptr);
    if (file_.empty()) throw Error(ErrorKind::internal, "media", "the WebP encoder gave no picture");
    if (!comment_.empty()) add_webp_comment(file_, comment_);
    return std::move(file_);
  }

 private:
  static EncoderSettings encoder_settings(const VideoSettings& s, const std::string& codec) {
    const FrameRate rate = frame_rate(s.fps);
    EncoderSettings out;
    out.codec = codec;
    out.pix_fmt = s.pix_fmt;
    out.crf = s.crf;
    out.width = s.width;
    out.height = s.height;
    out.rate = {rate.num, rate.den};
    return out;
  }

  void encode(const AVFrame* frame) {
    encoder_.encode(frame, [&](AVPacket& packet) { file_.assign(packet.data, packet.data + packet.size); });
  }

  std::string comment_;
  Encoder encoder_;
  FrameConverter converter_;
  std::vector<std::uint8_t> file_;
  std::int64_t frames_ = 0;
};

// One frame becomes a still and several an animation. Where their number is not known, the first frame is
// kept until there is a second.
class WebpWriter : public FrameWriter {
 public:
  WebpWriter(const VideoSettings& s, const Destination& destination)
      : settings_(s),
        destination_(destination),
        file_(open_file(s.frames > 1)),
        sink_(open_sink(destination)) {
    animated_ = s.frames > 1;
  }

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    if (++written_.frames == 1 && !animated_) {
      first_.assign(rgb, rgb + stride * settings_.source_height);
      first_stride_ = stride;
      return;
    }
    if (!animated_) {
      animated_ = true;
      file_ = open_file(true);
      file_->add(first_.data(), first_stride_);
      first_.clear();
    }
    file_->add(rgb, stride);
  }

  Written finish() override {
    if (written_.frames == 0) return written_;
    if (!animated_) file_->add(first_.data(), first_stride_);
    const std::vector<std::uint8_t> bytes = file_->finish();
    sink_->write(bytes.data(), bytes.size());
    sink_->seal();
    written_.bytes = sink_->size();
    written_.sha256 = sink_->commit();
    return written_;
  }

 private:
  std::unique_ptr<WebpFile> open_file(bool animated) const {
    if (animated && avcodec_find_encoder_by_name("libwebp_anim") == nullptr) {
      throw Error(ErrorKind::unavailable, "media",
                  destination_.path +
                      ": the installed libavcodec has no encoder for animated WebP (libwebp_anim); choose " +
                      ".gif, .avif or .mp4, or numbered pictures as in frames/%05d.webp, or install an " +
                      "FFmpeg with libwebp");
    }
    return std::make_unique<WebpFile>(settings_, animated ? kAnimation : kStill);
  }

  VideoSettings settings_;
  Destination destination_;
  std::unique_ptr<WebpFile> file_;
  std::unique_ptr<Sink> sink_;
  bool animated_ = false;
  std::vector<std::uint8_t> first_;
  std::ptrdiff_t first_stride_ = 0;
  Written written_;
};

}  // namespace

std::unique_ptr<FrameWriter> make_webp_writer(const VideoSettings& settings, const Destination& destination) {
  return std::make_unique<WebpWriter>(settings, destination);
}

}  // namespace sora
