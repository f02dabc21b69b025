// Which stretches of a video have the sound of which file.
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

  /// Opens the files. Throws what SoundFile throws, and data when their sounds cannot follow one another in
  /// one stream. `frame` is the duration of a frame in seconds. `negative` says whether the container holds
  /// packets before time 0, in which decoders warm up.
  SoundTrack(const std::vector<std::string>& files, AVRational frame, bool negative);

  const AVCodecParameters& parameters() const { return files_.front()->parameters(); }
  AVRational time_base() const { return {1, parameters().sample_rate}; }

  /// From frame `at` on the sound of a file is heard, from its beginning.
  void begin(std::size_t file, std::int64_t at);
  /// Up to frame `at`.
  void end(std::int64_t at);

  /// Gives `take` what is heard before frame `at`, as far as it was not given before.
  void write_until(std::int64_t at, const Take& take);
  void write_rest(const Take& take) { write_until(std::numeric_limits<std::int64_t>::max(), take); }

 private:
  void fill_gap(std::int64_t until, const Take& take);

  struct Stretch {
    SoundFile* file;
    std::int64_t begin;
    std::int64_t end;  // exclusive; the largest number while it is not known
  };

  std::vector<std::unique_ptr<SoundFile>> files_;
  AVRational frame_;
  bool negative_;
  std::vector<Stretch> stretches_;
  std::size_t current_ = 0;
  AVPacket* next_ = nullptr;  // of the current stretch, in its file's times
  av::PacketPtr silence_;     // between two stretches; null: there is a gap
  std::int64_t last_ = std::numeric_limits<std::int64_t>::min();  // time of the last packet
  std::int64_t heard_ = 0;                                        // its end
};

}  // namespace sora
