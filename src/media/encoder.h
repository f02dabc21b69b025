// Encoders of libav, set so that the same frames give the same bytes on every machine.
#pragma once

#include <functional>
#include <string>

#include "media/av.h"

namespace sora {

/// How the samples of a pixel format stand for colours, and where its chroma samples lie.
struct Colour {
  AVColorSpace matrix = AVCOL_SPC_BT709;
  AVColorRange range = AVCOL_RANGE_MPEG;
  AVChromaLocation chroma = AVCHROMA_LOC_UNSPECIFIED;
};
Colour colour_of(const std::string& codec, AVPixelFormat pix_fmt);
/// As readers take it: without a name, BT.601 up to 576 lines and BT.709 above.
Colour colour_of(const AVCodecParameters& video);

/// libav's number for a name; throws usage when it knows none.
AVPixelFormat pixel_format(const std::string& name);

struct EncoderSettings {
  std::string codec;  ///< h264, hevc, av1, vp9, ffv1, gif, png, mjpeg, webp
  std::string pix_fmt;
  std::string preset;  ///< empty: the program's choice
  int crf = 18;
  int width = 0;
  int height = 0;
  AVRational rate{1, 1};       ///< frames per second
  bool live = false;           ///< for a pipe: no frame is held back
  bool global_header = false;  ///< see Muxer::wants_global_header
  /// Of a stream that these frames go into, copied ones of which are there: colours are tagged as its own.
  const AVCodecParameters* beside = nullptr;
  int parameter_set =
      -1;  ///< h264: the number of its parameter sets; its NAL units then have lengths of four bytes
};

class Encoder {
 public:
  using PacketSink = std::function<void(AVPacket&)>;

  /// Throws unavailable when the encoder is not installed or does not take the settings.
  explicit Encoder(const EncoderSettings& settings);

  /// Encodes a frame, nullptr after the last one, and gives `take` the packets that are ready.
  void encode(const AVFrame* frame, const PacketSink& take);

  const AVCodecContext& context() const { return *context_; }

 private:
  av::CodecPtr context_;
  av::PacketPtr packet_;
};

}  // namespace sora
