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

// Note [Coded frames of two encoders in one stream]
// A track has one header. H.264 decoders are set up by numbered parameter sets, and each picture names the
// set that it uses: the header gets the clip's sets and the new encoder's, under a number that the clip does
// not use. VP9 and AV1 have all they need in their key frames. Frames are not decoded in the order in which
// they are shown, but up to `delay` frames earlier; the largest delay of all parts is used for each part, so
// that decoding times always increase.
class ClipCopy {
 public:
  /// Reads all packets of the clip once, to check them and for the facts below; settings.fps is the rate of
  /// the output. Throws data, with the reason and what to do, when the frames cannot be copied.
  ClipCopy(const std::string& path, const VideoSettings& settings);

  const AVCodecParameters& parameters() const { return *input_->video().codecpar; }
  std::int64_t frames() const { return static_cast<std::int64_t>(shown_.size()); }
  int delay() const { return delay_; }
  const ParameterSets& sets() const { return sets_; }

  /// Gives `take` the packets in the order of decoding. Their times are counted in frames: pts from `first`
  /// on, dts `delay` earlier.
  void copy(std::int64_t first, int delay, const std::function<void(AVPacket&)>& take);

 private:
  [[noreturn]] void refuse(const std::string& why) const;
  void check_stream(const VideoSettings& settings);
  void read_through(double fps);
  void open();

  std::string path_;
  std::unique_ptr<InputFile> input_;
  std::vector<std::int64_t> shown_;  // for each packet, the number of its frame
  int delay_ = 0;
  ParameterSets sets_;
};

/// What the header needs in a stream of all these clips and of an encoder.
struct MergedHeader {
  int number = -1;  ///< of the encoder's parameter sets; -1: it has none
  int delay = 0;    ///< the largest of all clips
  ParameterSets sets;
};
/// Throws data when the clips cannot be in one stream.
MergedHeader merge_headers(const std::vector<std::unique_ptr<ClipCopy>>& clips);

}  // namespace sora
