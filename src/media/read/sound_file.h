// The sound of a file as it lies there, packet by packet: it is copied and never decoded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "media/read/input_file.h"

namespace sora {

class SoundFile {
 public:
  /// Throws what InputFile throws, and data when there is no sound, or none that can be copied.
  explicit SoundFile(const std::filesystem::path& path);
  ~SoundFile();

  const AVCodecParameters& parameters() const { return *parameters_; }
  AVRational time_base() const { return time_base_; }

  /// The next packet, null at the end. Its times are in time_base(), after the first frame of the file's
  /// video that is shown. Valid until the next call. A file that is cut off has an end where it is cut.
  AVPacket* next();

 private:
  bool read();
  void take_headers_along();

  std::unique_ptr<InputFile> input_;
  AVStream* stream_ = nullptr;
  AVCodecParameters* parameters_ = nullptr;
  AVRational time_base_{1, 1};
  std::int64_t origin_ = 0;  // of the video, in time_base_
  av::PacketPtr packet_;
  av::FilterPtr filter_;  // of AAC that has its headers in each packet
  bool ready_ = false;    // packet_ was read already
  bool ended_ = false;
};

/// libav's name of the codec of the sound that is taken from a file, and a text that is equal for two sounds
/// that can follow one another in a stream. Both empty without sound.
struct SoundFacts {
  std::string codec;
  std::string kind;
};
SoundFacts sound_facts(const InputFile& input);

}  // namespace sora
