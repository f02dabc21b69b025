// The sound of a file, packet by packet as it is stored: it is copied, never decoded.
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
  /// Throws as InputFile, and data when there is no sound, or none that can be copied.
  explicit SoundFile(const std::filesystem::path& path);
  ~SoundFile();

  const AVCodecParameters& parameters() const { return *parameters_; }
  AVRational time_base() const { return time_base_; }

  /// The next packet, null at the end. Its times are in time_base(), counted from the first frame of the
  /// video that is shown. Valid until the next call. A truncated file simply ends early.
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
  bool ready_ = false;    // packet_ has been read and not returned yet
  bool ended_ = false;
};

/// Of the sound that is copied from a file: libav's name of the codec, and a text that is equal for two
/// sounds that can follow one another in a stream. Both are empty without sound.
struct SoundFacts {
  std::string codec;
  std::string kind;
};
SoundFacts sound_facts(const InputFile& input);

}  // namespace sora
