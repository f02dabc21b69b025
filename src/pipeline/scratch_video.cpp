#include "pipeline/scratch_video.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sora/error.h"

namespace sora {

ScratchVideo::ScratchVideo() {
  std::error_code ignored;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(ignored);
  std::string pattern = ((folder.empty() ? "/tmp" : folder) / "sora-gen-XXXXXX").string();
  fd_ = ::mkostemp(pattern.data(), O_CLOEXEC);
  if (fd_ < 0) {
    throw Error(ErrorKind::cannot_create, "output",
                pattern + ": no temporary file for the frames between two stages: " + std::strerror(errno) +
                    "; set TMPDIR to a folder with room");
  }
  ::unlink(pattern.c_str());
}

ScratchVideo::~ScratchVideo() {
  if (fd_ >= 0) ::close(fd_);
}

Destination ScratchVideo::destination() const {
  return {"-", false, fd_, "the temporary file between two stages"};
}

std::filesystem::path ScratchVideo::path() const {
  return std::filesystem::path("/proc/self/fd") / std::to_string(fd_);
}

}  // namespace sora
