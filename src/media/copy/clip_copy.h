// Coded frames of a clip beside frames of an encoder, in one stream: --copy.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "media/copy/parameter_sets.h"
#include "media/read/input_file.h"
#include "media/video_settings.h"

namespace sora {

// Note [Coded frames of two makers in one stream]
// A track has one header. H.264 decoders are set up by parameter sets that have numbers, and each picture
// names the one that it goes by: the header gets the clip's sets and, under a number that the clip does not
// use, the encoder's. VP9 and AV1 have all they need in their key frames. Frames are decoded in an order of
// their own, up to `delay` frames before they are shown; the greatest delay of all parts is taken for each,
// so that decoding times grow throughout.
class ClipCopy {
 public:
  /// Reads the clip's packets through, once, for what is said of them below; `fps` is the rate of the output.
  /// Throws data, with the reason and the way out, when they cannot be copied.
  ClipCopy(const std::string& path, const VideoSettings& settings);

  const AVCodecParameters& parameters() const { return *input_->video().codecpar; }
  std::int64_t frames() const { return static_cast<std::int64_t>(shown_.size()); }
  int delay() const { return delay_; }
  const ParameterSets& sets() const { return sets_; }

  /// The packets, in the order of decoding. Their times are frames: those of being shown from `first` on,
  /// those of decoding `delay` before.
  void copy(std::int64_t first, int delay, const std::function<void(AVPacket&)>& take);

 private:
  [[noreturn]] void refuse(const std::string& why) const;
  void look(const VideoSettings& settings);
  void read_through(double fps);
  void open();

  std::string path_;
  std::unique_ptr<InputFile> input_;
  std::vector<std::int64_t> shown_;  // for each packet, which frame it is
  int delay_ = 0;
  ParameterSets sets_;
};

/// What the header of a stream of all these clips and of an encoder is made of.
struct JoinedHeader {
  int number = -1;  ///< for the encoder's parameter sets; -1: it needs none
  int delay = 0;    ///< of all clips
  ParameterSets sets;
};
/// Throws data when the clips do not go together.
JoinedHeader join_headers(const std::vector<std::unique_ptr<ClipCopy>>& clips);

}  // namespace sora
