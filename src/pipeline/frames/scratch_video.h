// A lossless video between two stages of a run, in a temporary file without a name: it is gone with the
// process, however that ends, and memory does not grow with its length.
#pragma once

#include <filesystem>

#include "core/unique_fd.h"
#include "media/write/video_writer.h"

namespace sora {

class ScratchVideo {
 public:
  /// Throws Error (cannot_create).
  ScratchVideo();

  Destination destination() const;     ///< for a writer of one of the streamable containers
  std::filesystem::path path() const;  ///< for readers, while this object lives

 private:
  UniqueFd fd_;
};

}  // namespace sora
