// The decoded frames of a file one after another, with their times, and seeking among them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "media/read/input_file.h"

namespace sora {

struct SourceFrame {
  av::FramePtr frame;   // a reference; null: the end
  double time = 0;      // seconds after the first frame that is shown
  double duration = 0;  // seconds; of an image 0
};

class FrameSource {
 public:
  /// Opens the file and decodes its first frame. Throws what InputFile throws, and data when there is no
  /// frame in it that can be decoded.
  explicit FrameSource(const std::filesystem::path& path);

  const InputFile& input() const { return *input_; }
  /// For its colours and size. Valid until the next call of another member.
  const AVFrame& first() const { return *first_.frame; }

  /// Seconds in the file of that frame, by the container's count.
  double origin() const { return origin_; }

  /// The next frame in the order of showing; its times grow strictly. After the last one of a file that
  /// was cut off it throws data, with the time reached; a damaged packet on the way is a warning.
  SourceFrame next();

  /// Goes on from a frame at or before `seconds`, the nearest that a container's index gives; from the
  /// first frame where there is no such index. Every frame that next() gives then is a whole one.
  void seek(double seconds);

  /// What the container claims as the time of its end, in seconds after the first frame; 0: it does not.
  double claimed_end() const;

  /// Seconds from frame to frame, by the container; 1/25 when it does not say.
  double frame_duration() const;

 private:
  void open();
  bool can_seek() const;
  bool jump(double seconds);
  bool receive(SourceFrame& out);
  void stamp(SourceFrame& out);
  void feed();
  void at_end(int code);
  void damaged();
  std::string name() const;

  std::filesystem::path path_;
  std::unique_ptr<InputFile> input_;
  av::CodecPtr codec_;
  av::PacketPtr packet_;
  SourceFrame first_;                       // kept for its facts
  std::optional<SourceFrame> ready_;        // decoded already, given by the next call of next()
  double origin_ = 0;                       // seconds in the file of the first frame
  double shift_ = 0;                        // added to times where the file's own run back
  double last_ = -1;                        // time of the frame before; -1: none
  std::int64_t key_time_ = AV_NOPTS_VALUE;  // of the key frame that a jump reached
  bool wants_key_ = false;                  // after a jump, until its key frame comes
  bool has_origin_ = false;
  bool draining_ = false;
  bool ended_ = false;
  std::string broken_;  // why there is nothing behind the last frame; empty: it is the end
  bool jumped_ = false;
  bool warned_ = false;
  std::int64_t frames_ = 0;       // given since the start or the last jump
  std::int64_t packets_end_ = 0;  // byte of the file behind the last packet
  int errors_ = 0;                // one after another
};

}  // namespace sora
