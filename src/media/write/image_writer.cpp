#include <cerrno>
#include <filesystem>
#include <vector>

#include "core/output/output_format.h"
#include "core/sha256.h"
#include "media/frame_converter.h"
#include "media/image_text.h"
#include "media/image_xmp.h"
#include "media/write/encoder.h"
#include "media/write/sink.h"
#include "media/write/writers.h"

namespace sora {
namespace {

EncoderSettings encoder_settings(const VideoSettings& s) {
  EncoderSettings out;
  out.codec = s.codec;
  out.pix_fmt = s.pix_fmt;
  out.crf = s.crf;
  out.width = s.width;
  out.height = s.height;
  return out;
}

class ImageWriter : public FrameWriter {
 public:
  ImageWriter(const VideoSettings& s, const Destination& destination)
      : settings_(s),
        destination_(destination),
        sequence_(resolve_output(destination.path, s.container).sequence),
        encoder_(encoder_settings(s)),
        converter_(s.source_width, s.source_height, s.width, s.height, encoder_.context().pix_fmt,
                   colour_of(s.codec, encoder_.context().pix_fmt)),
        sink_(open_sink(numbered(1))) {}

  ImageWriter(const ImageWriter&) = delete;
  ImageWriter& operator=(const ImageWriter&) = delete;

  ~ImageWriter() override {
    if (finished_) return;
    for (const std::string& path : made_) {
      std::error_code ignored;
      std::filesystem::remove(path, ignored);
    }
  }

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    if (!sequence_ && written_.frames > 0) {
      throw Error(ErrorKind::usage, "output",
                  destination_.path +
                      ": can have one frame only, and there are more; number the files, as in " +
                      "frames/%05d." + settings_.container + ", or choose a video format");
    }
    const std::vector<std::uint8_t> image = encode(rgb, stride);
    const Destination file = numbered(++written_.frames);
    if (!sink_) sink_ = open_sink(file);
    sink_->write(image.data(), image.size());
    if (!sink_->seekable()) digest_.update(image.data(), image.size());
    if (!sequence_) return;  // finish() gives the one image its name
    end_file();
    made_.push_back(file.path);
  }

  Written finish() override {
    if (sink_ && written_.frames > 0) end_file();
    finished_ = true;
    written_.sha256 = digest_.hex();
    return written_;
  }

 private:
  Destination numbered(std::int64_t frame) const {
    Destination file = destination_;
    if (sequence_) file.path = sequence_name(destination_.path, frame);
    return file;
  }

  // Gives a file its name. What it holds is read back, since sealing may have changed it.
  void end_file() {
    sink_->seal();
    written_.bytes += sink_->size();
    std::vector<char> buffer(1 << 16);
    for (std::uint64_t at = 0; const std::size_t n = sink_->read_at(buffer.data(), buffer.size(), at);
         at += n)
      digest_.update(buffer.data(), n);
    sink_->commit();
    sink_.reset();
  }

  std::vector<std::uint8_t> encode(const std::uint8_t* rgb, std::ptrdiff_t stride) {
    const av::FramePtr frame = converter_.convert(rgb, stride);
    frame->pts = written_.frames;
    frame->color_trc = encoder_.context().color_trc;
    frame->quality = encoder_.context().global_quality;
    std::vector<std::uint8_t> image;
    encoder_.encode(frame.get(),
                    [&](AVPacket& packet) { image.assign(packet.data, packet.data + packet.size); });
    if (image.empty()) throw Error(ErrorKind::internal, "media", "the image encoder gave no image");
    if (settings_.codec == "png") add_png_text(image, settings_.metadata);
    const auto comment = settings_.metadata.find("comment");
    if (settings_.codec == "mjpeg" && comment != settings_.metadata.end()) {
      add_jpeg_comment(image, comment->second);
    }
    if (settings_.codec == "webp" && comment != settings_.metadata.end()) {
      add_webp_comment(image, comment->second);
    }
    return image;
  }

  VideoSettings settings_;
  Destination destination_;
  bool sequence_;
  Encoder encoder_;
  FrameConverter converter_;
  std::unique_ptr<Sink> sink_;  // of the next image; the first is opened at once, so that errors come early
  std::vector<std::string> made_;
  Written written_;
  Sha256 digest_;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<FrameWriter> make_image_writer(const VideoSettings& settings,
                                               const Destination& destination) {
  return std::make_unique<ImageWriter>(settings, destination);
}

}  // namespace sora
