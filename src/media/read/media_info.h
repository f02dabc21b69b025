// Facts and metadata from the header of a media file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace sora {

struct MediaInfo {
  std::string container;  ///< libav's name, such as "mov,mp4,m4a,3gp,3g2,mj2"; png or jpg
  std::string codec;
  int width = 0;
  int height = 0;
  double fps = 0;                               ///< 0: not known
  double duration = 0;                          ///< seconds; 0: not known
  std::int64_t frames = 0;                      ///< 0: the container does not say
  std::map<std::string, std::string> metadata;  ///< keys in lower case
};

/// Reads headers only; no frame is decoded. Accepts what InputFile accepts; for containers without a header
/// (MPEG streams) and rarer images, fields stay 0. Throws no_input, data (another kind of file, or a damaged
/// one).
MediaInfo read_media_info(const std::filesystem::path& path);

/// Its metadata alone.
std::map<std::string, std::string> read_metadata(const std::filesystem::path& path);

}  // namespace sora
