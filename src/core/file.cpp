#include "core/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/sha256.h"
#include "core/standard_streams.h"
#include "sora/error.h"

namespace sora {

File::File(const std::filesystem::path& path, std::string component)
    : path_(path), component_(std::move(component)) {
  // O_NONBLOCK: without it, open() of a FIFO that has no writer never returns. It does not affect regular
  // files.
  fd_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd_) {
    const int code = errno;
    const bool missing = code == ENOENT || code == ENOTDIR || code == ELOOP;
    throw Error(missing ? ErrorKind::no_input : ErrorKind::io, component_,
                path.string() + ": cannot be opened: " + std::strerror(code));
  }
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    throw Error(ErrorKind::data, component_, path.string() + ": is not a regular file");
  }
  size_ = static_cast<std::uint64_t>(info.st_size);
}

void File::read_at(void* destination, std::size_t bytes, std::uint64_t offset) const {
  auto* out = static_cast<char*>(destination);
  while (bytes > 0) {
    const ssize_t n = ::pread(fd_.get(), out, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      throw Error(ErrorKind::io, component_, path_.string() + ": read failed: " + std::strerror(errno));
    }
    if (n == 0) {
      throw Error(ErrorKind::data, component_,
                  path_.string() + ": ends at byte " + std::to_string(offset) +
                      " where more was expected; the file is truncated, copy it again");
    }
    out += n;
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::size_t>(n);
  }
}

std::string read_text(const std::filesystem::path& path, const std::string& component, std::uint64_t limit) {
  const File file(path, component);
  if (file.size() > limit) {
    throw Error(ErrorKind::data, component,
                path.string() + ": is " + std::to_string(file.size()) + " bytes, expected at most " +
                    std::to_string(limit));
  }
  std::string text(file.size(), '\0');
  file.read_at(text.data(), text.size(), 0);
  return text;
}

std::string file_sha256(const std::filesystem::path& path, const std::string& component) {
  const File file(path, component);
  Sha256 digest;
  std::string buffer(1 << 20, '\0');
  for (std::uint64_t at = 0; at < file.size(); at += buffer.size()) {
    const auto bytes = std::min<std::uint64_t>(buffer.size(), file.size() - at);
    file.read_at(buffer.data(), bytes, at);
    digest.update(buffer.data(), bytes);
  }
  return digest.hex();
}

std::string read_stdin(std::uint64_t limit, const std::string& too_long) {
  if (was_closed(STDIN_FILENO)) {
    throw Error(ErrorKind::no_input, "options", "standard input is closed, expected text on it (-)");
  }
  std::string text;
  std::string buffer(1 << 16, '\0');
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      throw Error(ErrorKind::io, "options", std::string("stdin: read failed: ") + std::strerror(errno));
    if (n == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() > limit) throw Error(ErrorKind::data, "options", "stdin: " + too_long);
  }
}

}  // namespace sora
