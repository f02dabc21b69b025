// The sound of a video: which of its parts have the sound of which file.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "media/copy/silence.h"
#include "media/read/sound_file.h"

namespace sora {

class SoundTrack {
 public:
  /// Takes packets whose times are in 1 / sample_rate, in their order.
  using Take = std::function<void(AVPacket&)>;

  /// Opens the files. `frame` is the duration of a frame in seconds. `negative` says whether the container
  /// allows packets before time 0, which decoders of sound need to start up. Throws as SoundFile, and data
  /// when the sounds cannot follow one another in one stream.
  SoundTrack(const std::vector<std::string>& files, AVRational frame, bool negative);

  const AVCodecParameters& parameters() const { return files_.front()->parameters(); }
  AVRational time_base() const { return {1, parameters().sample_rate}; }

  /// Frame `at` is where the sound of this file begins.
  void begin(std::size_t file, std::int64_t at);
  /// Frame `at` is where it ends.
  void end(std::int64_t at);

  /// Gives `take` the packets up to frame `at` that it has not had yet.
  void write_until(std::int64_t at, const Take& take);
  void write_rest(const Take& take) { write_until(std::numeric_limits<std::int64_t>::max(), take); }

 private:
  void fill_gap(std::int64_t until, const Take& take);

  struct Stretch {
    SoundFile* file;
    std::int64_t begin;
    std::int64_t end;  // exclusive; the largest integer while it is not known
  };

  std::vector<std::unique_ptr<SoundFile>> files_;
  AVRational frame_;
  bool negative_;
  std::vector<Stretch> stretches_;
  std::size_t current_ = 0;
  AVPacket* next_ = nullptr;  // of the current stretch, in its file's times
  av::PacketPtr silence_;     // fills the time between two stretches; null: a gap is left
  std::int64_t last_ = std::numeric_limits<std::int64_t>::min();  // time of the last packet
  std::int64_t heard_ = 0;                                        // end of the last packet
};

}  // namespace sora
