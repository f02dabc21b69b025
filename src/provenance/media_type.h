// Which formats carry content credentials.
#pragma once

#include <filesystem>
#include <string>

namespace sora {

/// The media type of a container (the names of core/output/output_format.h), and whether C2PA has a place for
/// credentials in it; otherwise they can be in a file beside it. Raw frames (y4m, rgb24) have no type.
struct MediaType {
  std::string name;  ///< "video/mp4"; empty: raw frames
  bool carries = false;
};
MediaType media_type(const std::string& container);

/// The media type of a file by its first bytes; "application/octet-stream" where it is not known.
MediaType media_type_of(int fd);

/// The file beside an output that has its credentials: clip.c2pa of clip.mkv, as c2patool names it.
std::filesystem::path credentials_beside(const std::filesystem::path& output);

}  // namespace sora
