// The format of a video that is written, and its destination.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sora/progress.h"

namespace sora {

struct VideoSettings {
  int source_width = 0;  ///< of the frames that are written
  int source_height = 0;
  int width = 0;  ///< of the file; frames are resampled (Lanczos) when it differs
  int height = 0;
  std::int64_t frames = 0;  ///< that will be written; 0: not known. It only makes errors of WebP come early
  double fps = 0;           ///< frame n is shown at exactly n / frame_rate(fps) seconds
  std::string container;    ///< the names of core/output/output_format.h
  std::string codec;
  std::string pix_fmt;
  int crf = 18;        ///< quality on the codec's own scale; 0 is the best
  std::string preset;  ///< of the encoder; empty: one that suits two cores
  /// Stored in the file. `comment` is kept by every container but raw frames; other keys by
  /// mp4, mov, matroska, webm and png.
  std::map<std::string, std::string> metadata;
  /// Asked at the end of a file, replaces `comment`; mp4 and mov only. May be empty.
  std::function<std::string()> comment_at_end;
  /// Files whose sound is copied into the video by begin_sound(), of a codec that the container takes.
  std::vector<std::string> sounds;
  /// Clips whose coded frames are copied into it by copy().
  std::vector<std::string> copies;
};

/// Makes of a finished file the one that gets its name: of `made` the file `sealed`, which is empty, such as
/// with a signature in it. Returns false where `made` is to stay as it is. `name` is the name that it will
/// get.
using Seal = std::function<bool(const std::filesystem::path& made, const std::filesystem::path& sealed,
                                const std::filesystem::path& name)>;

struct Destination {
  std::string path;  ///< "-": the descriptor below; with %d in it: numbered images
  bool overwrite = false;
  int descriptor = 1;
  std::string name = "standard output";  ///< of the descriptor, in messages
  /// Asked, from any thread, while the reader of a stream takes nothing; may be empty.
  StopRequest stop = {};
  Seal seal = {};  ///< of files, not of streams; may be empty
};

}  // namespace sora
