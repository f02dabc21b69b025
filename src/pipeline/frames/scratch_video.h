// A lossless video between two stages of a run, in an unnamed temporary file, which disappears with the
// process however that ends. Memory does not grow with its length.
#pragma once

#include <filesystem>

#include "core/unique_fd.h"
#include "media/write/video_writer.h"

namespace sora {

class ScratchVideo {
 public:
  /// Throws Error (cannot_create).
  ScratchVideo();

  Destination destination() const;     ///< for a writer of a container that can be streamed
  std::filesystem::path path() const;  ///< for readers, while this object lives

 private:
  UniqueFd fd_;
};

}  // namespace sora
