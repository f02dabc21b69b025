#include "media/read/spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/unnamed_file.h"
#include "sora/error.h"

namespace sora {
namespace {

[[noreturn]] void fail(const std::string& name, const std::string& what, int code) {
  throw Error(ErrorKind::io, "media", name + ": " + what + ": " + std::strerror(code));
}

UniqueFd temporary_file(const std::string& name) {
  UniqueFd fd = open_unnamed_file();
  if (fd) return fd;
  const int code = errno;
  fail(name, "no temporary file in " + temporary_folder().string() + " to copy it to", code);
}

}  // namespace

Spool::Spool(int descriptor, const std::string& name) {
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) fail(name, "cannot be read", errno);
  if (::isatty(descriptor) != 0) {
    throw Error(ErrorKind::usage, "media", name + ": is a terminal, expected a video; give a file or a pipe");
  }
  if (S_ISREG(info.st_mode)) {
    fd_.reset(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
    if (!fd_) fail(name, "cannot be read", errno);
    return;
  }
  fd_ = temporary_file(name);
  std::array<char, 1 << 16> buffer{};
  for (;;) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(name, "read failed", errno);
    if (count == 0) break;
    for (ssize_t done = 0; done < count;) {
      const ssize_t n = ::write(fd_.get(), buffer.data() + done, static_cast<std::size_t>(count - done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail(name, "copying it to a temporary file failed (TMPDIR names another folder)", errno);
      done += n;
    }
  }
}

std::filesystem::path Spool::path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

}  // namespace sora
