// Encoders of libav, set so that the same frames give the same bytes on every machine.
#pragma once

#include <functional>
#include <string>

#include "media/av.h"

namespace sora {

struct EncoderSettings {
  std::string codec;  ///< h264, hevc, av1, vp9, ffv1, gif, png, mjpeg, webp, webp_anim
  std::string pix_fmt;
  std::string preset;  ///< empty: the program's choice
  int crf = 18;
  int width = 0;
  int height = 0;
  AVRational rate{1, 1};       ///< frames per second
  bool live = false;           ///< for a pipe: the encoder delays no frame
  bool global_header = false;  ///< see Muxer::wants_global_header
  /// Of the clip whose copied frames are in the same stream: colours are tagged like that clip's. May be
  /// null.
  const AVCodecParameters* beside = nullptr;
  int parameter_set =
      -1;  ///< h264: the number of its parameter sets; its NAL units then have lengths of four bytes
};

class Encoder {
 public:
  using PacketSink = std::function<void(AVPacket&)>;

  /// Throws unavailable when the encoder is not installed or does not take the settings.
  explicit Encoder(const EncoderSettings& settings);
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  ~Encoder();

  /// Encodes a frame (nullptr after the last one), and gives `take` the packets that are ready.
  void encode(const AVFrame* frame, const PacketSink& take);

  const AVCodecContext& context() const { return *context_; }

 private:
  av::CodecPtr context_;
  av::PacketPtr packet_;
  bool begun_ = false;  // a frame was sent
  bool ended_ = false;
};

}  // namespace sora
