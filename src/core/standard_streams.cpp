#include "core/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace sora {
namespace {

std::array<bool, 3> closed{};

}  // namespace

void open_standard_streams() noexcept {
  for (int fd = 0; fd < 3; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    closed[static_cast<std::size_t>(fd)] = true;
    // open() returns the lowest free number, which is this one: those below it are open by now. Without /dev,
    // a folder is opened, which can be neither read nor written.
    if (::open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) < 0) [[maybe_unused]]
      const int other = ::open("/", O_RDONLY | O_DIRECTORY);
  }
}

bool was_closed(int descriptor) noexcept {
  return descriptor >= 0 && descriptor < 3 && closed[static_cast<std::size_t>(descriptor)];
}

}  // namespace sora
