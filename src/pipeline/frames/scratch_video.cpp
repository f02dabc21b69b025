#include "pipeline/frames/scratch_video.h"

#include <cerrno>
#include <cstring>
#include <string>

#include "core/output/unnamed_file.h"
#include "sora/error.h"

namespace sora {

ScratchVideo::ScratchVideo() : fd_(open_unnamed_file()) {
  if (fd_) return;
  const int code = errno;
  throw Error(ErrorKind::cannot_create, "output",
              temporary_folder().string() + ": no temporary file for the frames between two stages: " +
                  std::strerror(code) + "; set TMPDIR to a folder with free space");
}

Destination ScratchVideo::destination() const {
  return {"-", false, fd_.get(), "the temporary file between two stages"};
}

std::filesystem::path ScratchVideo::path() const {
  return std::filesystem::path("/proc/self/fd") / std::to_string(fd_.get());
}

}  // namespace sora
