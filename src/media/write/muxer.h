// Writes the packets of a video stream, and of its sound, into a container, through a Sink.
#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <string>

#include "media/av.h"
#include "media/copy/parameter_sets.h"
#include "media/write/sink.h"

namespace sora {

class Muxer {
 public:
  /// `container` is libav's name of a muxer. The sink outlives the muxer.
  Muxer(const std::string& container, Sink& sink);
  Muxer(const Muxer&) = delete;
  Muxer& operator=(const Muxer&) = delete;
  ~Muxer();

  /// Whether the encoder must put its parameters into extradata instead of the packets.
  bool wants_global_header() const;

  /// Whether the container allows packets before time 0, which decoders of sound need to start up.
  bool takes_negative_times() const;

  struct Streams {
    const AVCodecContext& video;  ///< an open encoder whose time base is one frame of `rate`
    AVRational rate;
    /// For a stream that has copied frames too: its header, and how many frames before it is shown a frame is
    /// decoded.
    Bytes header;
    int delay = 0;
    const AVCodecParameters* sound = nullptr;  ///< its times are in 1 / sample_rate
  };
  void begin(const Streams& streams, const std::map<std::string, std::string>& metadata);

  /// Takes the packet's contents. Its times are frame numbers.
  void write(AVPacket& packet);
  void write_sound(AVPacket& packet);

  /// Replaces that of begin(), in mp4 and mov, which write it at the end.
  void set_comment(const std::string& comment);

  void finish();

 private:
  bool is_gif() const;
  void add_sound(const AVCodecParameters& parameters);
  void check(int code, const char* what);
  void set_options(av::Options& options, const std::map<std::string, std::string>& metadata) const;

#if LIBAVFORMAT_VERSION_MAJOR < 61
  using WrittenByte = std::uint8_t;
#else
  using WrittenByte = const std::uint8_t;
#endif
  static int on_write(void* self, WrittenByte* data, int bytes);
  static std::int64_t on_seek(void* self, std::int64_t offset, int whence);
  static int on_open(AVFormatContext* format, AVIOContext** io, const char* url, int flags, AVDictionary**);
  static int on_close(AVFormatContext* format, AVIOContext* io);

  Sink& sink_;
  std::int64_t position_ = 0;
  std::exception_ptr error_;  // thrown by the sink inside libav's callbacks
  av::IoPtr io_;
  av::OutputPtr format_;
  AVRational frame_{0, 1};          // seconds
  std::int64_t last_duration_ = 0;  // in the stream's time base
  AVRational sound_{0, 1};          // seconds
  bool begun_ = false;
  bool finished_ = false;
};

}  // namespace sora
