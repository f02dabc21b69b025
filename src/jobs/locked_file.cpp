#include "jobs/locked_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "core/ascii.h"
#include "core/host_name.h"
#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

struct flock range(std::uint64_t byte, short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(byte);
  lock.l_len = 1;
  return lock;
}

short type_of(LockedFile::Mode mode) { return mode == LockedFile::Mode::shared ? F_RDLCK : F_WRLCK; }

[[noreturn]] void fail(const std::filesystem::path& path, const char* what, int code) {
  throw Error(ErrorKind::io, "journal",
              path.string() + ": " + what + " failed: " + std::strerror(code) +
                  (code == ENOLCK || code == EOPNOTSUPP || code == ENOSYS
                       ? "; this file system has no locks, choose another --out-dir"
                       : ""));
}

}  // namespace

LockedFile::LockedFile(const std::filesystem::path& path) : path_(path) {
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) {
    throw Error(ErrorKind::cannot_create, "journal",
                path.string() + ": cannot be opened: " + std::strerror(errno));
  }
}

LockedFile::~LockedFile() { ::close(fd_); }

bool LockedFile::try_lock(std::uint64_t byte, Mode mode) {
  struct flock lock = range(byte, type_of(mode));
  if (::fcntl(fd_, F_OFD_SETLK, &lock) == 0) return true;
  if (errno != EAGAIN && errno != EACCES) fail(path_, "locking it", errno);
  return false;
}

void LockedFile::lock(std::uint64_t byte, Mode mode) {
  struct flock lock = range(byte, type_of(mode));
  while (::fcntl(fd_, F_OFD_SETLKW, &lock) != 0) {
    if (errno != EINTR) fail(path_, "locking it", errno);
  }
}

void LockedFile::unlock(std::uint64_t byte) {
  struct flock lock = range(byte, F_UNLCK);
  (void)::fcntl(fd_, F_OFD_SETLK, &lock);
}

bool LockedFile::is_locked(std::uint64_t byte) const {
  struct flock lock = range(byte, F_RDLCK);
  return ::fcntl(fd_, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

void LockedFile::write_holder() const noexcept {
  try {
    const std::string text = host_name() + " " + std::to_string(::getpid()) + "\n";
    const ssize_t written = ::pwrite(fd_, text.data(), text.size(), 0);
    if (written >= 0) [[maybe_unused]]
      const int result = ::ftruncate(fd_, written);
  } catch (const std::exception&) {
    return;  // for lack of memory
  }
}

std::string LockedFile::holder() const {
  std::array<char, 128> buffer{};
  const ssize_t n = ::pread(fd_, buffer.data(), buffer.size(), 0);
  if (n <= 0) return {};
  // The file may be forged: only a host name and a number are accepted.
  const std::string text(buffer.data(), static_cast<std::size_t>(n));
  const std::size_t space = text.find(' '), end = text.find('\n');
  if (space == std::string::npos || end == std::string::npos || space > end || space == 0 || space > 64)
    return {};
  const std::string host = text.substr(0, space);
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return is_ascii_letter(c) || is_ascii_digit(c) || c == '.' || c == '_' || c == '-';
  });
  int process = 0;
  if (!plain || !set_from_text(process, text.substr(space + 1, end - space - 1)).empty() || process <= 0)
    return {};
  if (host == host_name() && ::kill(process, 0) != 0 && errno == ESRCH) return {};
  return "process " + std::to_string(process) + " on " + host;
}

}  // namespace sora
