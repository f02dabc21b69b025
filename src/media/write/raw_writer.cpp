#include <string>

#include "core/output/output_format.h"
#include "media/frame_converter.h"
#include "media/write/encoder.h"
#include "media/write/sink.h"
#include "media/write/writers.h"

extern "C" {
#include <libavutil/imgutils.h>
}

namespace sora {
namespace {

// Names the layout of chroma (mpeg2: on the left pixel) and the range; there is no tag for the matrix.
std::string y4m_header(const VideoSettings& s) {
  const FrameRate rate = frame_rate(s.fps);
  const std::string chroma = s.pix_fmt == "yuv420p"   ? "420mpeg2 XYSCSS=420MPEG2"
                             : s.pix_fmt == "yuv422p" ? "422 XYSCSS=422"
                                                      : "444 XYSCSS=444";
  return "YUV4MPEG2 W" + std::to_string(s.width) + " H" + std::to_string(s.height) + " F" +
         std::to_string(rate.num) + ":" + std::to_string(rate.den) + " Ip A1:1 C" + chroma +
         " XCOLORRANGE=LIMITED\n";
}

class RawWriter : public FrameWriter {
 public:
  RawWriter(const VideoSettings& s, const Destination& destination)
      : y4m_(s.container == "y4m"),
        pix_fmt_(pixel_format(s.pix_fmt)),
        converter_(s.source_width, s.source_height, s.width, s.height, pix_fmt_,
                   colour_of(s.codec, pix_fmt_)),
        sink_(open_sink(destination)),
        packed_(static_cast<std::size_t>(av_image_get_buffer_size(pix_fmt_, s.width, s.height, 1))) {
    if (!y4m_) return;
    const std::string header = y4m_header(s);
    sink_->write(header.data(), header.size());
  }

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    const av::FramePtr frame = converter_.convert(rgb, stride);
    const int bytes = av_image_copy_to_buffer(packed_.data(), static_cast<int>(packed_.size()), frame->data,
                                              frame->linesize, pix_fmt_, frame->width, frame->height, 1);
    if (bytes < 0) throw Error(ErrorKind::internal, "media", "packing a frame: " + av::error_text(bytes));
    if (y4m_) sink_->write("FRAME\n", 6);
    sink_->write(packed_.data(), packed_.size());
    ++written_.frames;
  }

  Written finish() override {
    written_.bytes = sink_->size();
    written_.sha256 = sink_->commit();
    return written_;
  }

 private:
  bool y4m_;
  AVPixelFormat pix_fmt_;
  FrameConverter converter_;
  std::unique_ptr<Sink> sink_;
  std::vector<std::uint8_t> packed_;  // one frame without padding
  Written written_;
};

}  // namespace

std::unique_ptr<FrameWriter> make_raw_writer(const VideoSettings& settings, const Destination& destination) {
  return std::make_unique<RawWriter>(settings, destination);
}

}  // namespace sora
