// libav's objects with their deleters, and its errors. Only files of src/media include this.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/frame.h>
#include <libswscale/swscale.h>
}

#include <map>
#include <memory>
#include <string>

#include "sora/error.h"

namespace sora::av {

template <auto release>
struct Releaser {
  template <class T>
  void operator()(T* object) const {
    release(&object);
  }
};

struct SwsReleaser {
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};
struct IoReleaser {
  void operator()(AVIOContext* context) const {
    av_freep(&context->buffer);  // libav may have replaced the buffer that it was made with
    avio_context_free(&context);
  }
};
struct OutputReleaser {
  void operator()(AVFormatContext* context) const { avformat_free_context(context); }
};

using FramePtr = std::unique_ptr<AVFrame, Releaser<av_frame_free>>;
using PacketPtr = std::unique_ptr<AVPacket, Releaser<av_packet_free>>;
using CodecPtr = std::unique_ptr<AVCodecContext, Releaser<avcodec_free_context>>;
using InputPtr = std::unique_ptr<AVFormatContext, Releaser<avformat_close_input>>;
using OutputPtr = std::unique_ptr<AVFormatContext, OutputReleaser>;
using SwsPtr = std::unique_ptr<SwsContext, SwsReleaser>;
using FilterPtr = std::unique_ptr<AVBSFContext, Releaser<av_bsf_free>>;
using IoPtr = std::unique_ptr<AVIOContext, IoReleaser>;

std::string error_text(int code);

/// The object, or an Error when libav could not allocate it.
template <class Pointer>
Pointer allocated(Pointer object) {
  if (!object) throw Error(ErrorKind::unavailable, "media", "out of memory");
  return object;
}

/// Options for libav's open functions, which leave the unknown ones in it.
class Options {
 public:
  Options() = default;
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  ~Options() { av_dict_free(&entries_); }

  void set(const char* key, const std::string& value) { av_dict_set(&entries_, key, value.c_str(), 0); }
  AVDictionary** get() { return &entries_; }
  /// The name of an option that libav did not take, or "".
  std::string left() const;

 private:
  AVDictionary* entries_ = nullptr;
};

/// Sends libav's messages to core/log, from the first call on.
void use_log();

}  // namespace sora::av
