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
  /// Opens the file and decodes its first frame. Throws as InputFile, and data when no frame can be decoded.
  explicit FrameSource(const std::filesystem::path& path);

  const InputFile& input() const { return *input_; }
  /// For its colours and size. Valid until the next call of another member.
  const AVFrame& first() const { return *first_.frame; }

  /// The time of that frame in the file, in seconds.
  double origin() const { return origin_; }

  /// The next frame in the order of showing; times strictly increase. After the last frame of a truncated
  /// file it throws data, with the time reached; a damaged packet on the way is a warning.
  SourceFrame next();

  /// Continues from a frame at or before `seconds`, the nearest that the container's index has; without an
  /// index, from the first frame. All frames that next() then returns are complete.
  void seek(double seconds);

  /// The end that the container claims, in seconds after the first frame; 0: it claims none.
  double claimed_end() const;

  /// Seconds between frames, as the container says; 1/25 when it does not.
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
  SourceFrame first_;                       // for first()
  std::optional<SourceFrame> ready_;        // already decoded; returned by the next call of next()
  double origin_ = 0;                       // time of the first frame in the file, seconds
  double shift_ = 0;                        // added to times after the file's own went back
  double last_ = -1;                        // time of the frame before; -1: none
  std::int64_t key_time_ = AV_NOPTS_VALUE;  // of the key frame that a jump reached
  bool wants_key_ = false;                  // after a jump, until its key frame comes
  bool has_origin_ = false;
  bool draining_ = false;
  bool ended_ = false;
  std::string broken_;  // why the frames end before the file should; empty: a proper end
  bool jumped_ = false;
  bool warned_ = false;
  std::int64_t frames_ = 0;       // returned since the start or the last jump
  std::int64_t packets_end_ = 0;  // position in the file after the last packet
  int errors_ = 0;                // one after another
};

}  // namespace sora
