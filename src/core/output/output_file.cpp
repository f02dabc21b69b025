#include "core/output/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "core/no_sigpipe.h"
#include "core/output/temporary_name.h"
#include "core/sha256.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr const char* kComponent = "output";

// --- temporary files, for removal by a signal handler -----------------------------------------

enum SlotState : int { slot_free, slot_filling, slot_live };

struct Slot {
  std::atomic<int> state{slot_free};
  std::array<char, PATH_MAX> path{};
};
static_assert(std::atomic<int>::is_always_lock_free, "the registry is read in signal handlers");

std::array<Slot, 64> slots;

// Returns -1 when all slots are in use or the path is too long: such a file is removed by its destructor
// only.
int take_slot(const std::filesystem::path& path) {
  const std::string& name = path.native();
  if (name.size() >= PATH_MAX) return -1;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    int expected = slot_free;
    if (!slots[i].state.compare_exchange_strong(expected, slot_filling)) continue;
    std::memcpy(slots[i].path.data(), name.c_str(), name.size() + 1);
    slots[i].state.store(slot_live);
    return static_cast<int>(i);
  }
  return -1;
}

void free_slot(int slot) {
  if (slot >= 0) slots[slot].state.store(slot_free);
}

// --- messages --------------------------------------------------------------------------------

std::string cause(int code) { return std::strerror(code); }

[[noreturn]] void fail_create(const std::filesystem::path& path, int code) {
  const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
  std::string message;
  switch (code) {
    case EEXIST:
      message = "exists already; pass --overwrite to replace it, or choose another name";
      break;
    case ENOENT:
      message = "cannot be created: the folder " + folder + " does not exist; make it first";
      break;
    case ENOTDIR:
      message = "cannot be created: " + folder + " is not a folder";
      break;
    case EISDIR:
      message = "is a folder; name a file in it";
      break;
    case ENAMETOOLONG:
      message = "the name is too long: " + std::to_string(path.filename().native().size()) +
                " bytes, expected at most " + std::to_string(longest_name(path.parent_path())) +
                "; choose a shorter one";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      message = "cannot be created: " + cause(code) + "; choose a folder that you can write to";
      break;
    default:
      message = "cannot be created: " + cause(code);
  }
  throw Error(ErrorKind::cannot_create, kComponent, path.string() + ": " + message);
}

[[noreturn]] void fail_io(const std::string& name, const char* what, int code) {
  std::string advice;
  if (code == ENOSPC || code == EDQUOT) advice = "; free some space or choose another place";
  if (code == EFBIG) advice = "; the limit on the size of files (ulimit -f) was reached";
  throw Error(ErrorKind::io, kComponent, name + ": " + what + " failed: " + cause(code) + advice);
}

// Once for each folder, since a long batch calls this for every file.
void remove_left_over_once(const std::filesystem::path& folder) {
  static std::mutex mutex;
  static std::set<std::filesystem::path> seen;
  {
    const std::lock_guard lock(mutex);
    if (!seen.insert(folder).second) return;
  }
  remove_left_over(folder);
}

// Returns false when another process deleted the new file before it was locked, taking it for a leftover.
bool lock_new_file(int fd) {
  struct stat info {};
  while (::flock(fd, LOCK_EX) != 0) {
    if (errno != EINTR)
      return true;  // this file system has no locks; is_left_over() then looks for the process
  }
  return ::fstat(fd, &info) != 0 || info.st_nlink > 0;
}

// Some file systems cannot sync a folder (EINVAL); the rename is done all the same.
void sync_folder(const std::filesystem::path& path) {
  const int fd = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;  // write-only folders can be renamed into, but not opened
  const int result = ::fsync(fd);
  const int code = errno;
  ::close(fd);
  if (result != 0 && code == EIO) fail_io(path.string(), "sync of the folder", code);
}

}  // namespace

OutputFile::OutputFile(const std::filesystem::path& path, bool overwrite)
    : path_(path), overwrite_(overwrite) {
  std::error_code error;
  struct stat info {};
  if (path.empty() || !path.has_filename()) fail_create(path, path.empty() ? ENOENT : EISDIR);
  if (path.filename().native().size() > longest_name(path.parent_path())) fail_create(path, ENAMETOOLONG);
  if (::lstat(path.c_str(), &info) == 0) {
    if (S_ISLNK(info.st_mode)) {
      if (::stat(path.c_str(), &info) != 0) {
        throw Error(
            ErrorKind::cannot_create, kComponent,
            path.string() + ": is a link to a file that does not exist; remove the link, or name that file");
      }
      if (overwrite) path_ = std::filesystem::canonical(path, error);
      if (error) fail_create(path, error.value());
    }
    if (S_ISDIR(info.st_mode)) fail_create(path, EISDIR);
    if (!overwrite) fail_create(path, EEXIST);
  }

  // Absolute, for the signal handler: the working folder may have changed by then.
  const std::filesystem::path absolute = std::filesystem::absolute(path_, error);
  if (error) fail_create(path_, error.value());
  const std::filesystem::path folder = absolute.parent_path();
  remove_left_over_once(folder);
  for (int attempt = 0; fd_ < 0; ++attempt) {
    temporary_ = folder / temporary_name(folder, absolute.filename().string());
    slot_ = take_slot(temporary_);  // before the file exists, so that no signal comes too early
    fd_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ >= 0 && lock_new_file(fd_)) break;
    const int code = fd_ < 0 ? errno : EEXIST;
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    free_slot(std::exchange(slot_, -1));
    if (code == ENOSPC || code == EDQUOT || code == EIO) fail_io(path_.string(), "creating it", code);
    if (code != EEXIST || attempt == 8) fail_create(path_, code);
  }
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      overwrite_(other.overwrite_),
      fd_(std::exchange(other.fd_, -1)),
      slot_(std::exchange(other.slot_, -1)),
      size_(other.size_) {}

OutputFile::~OutputFile() { discard(); }

void OutputFile::discard() noexcept {
  if (fd_ < 0) return;
  ::close(std::exchange(fd_, -1));
  ::unlink(temporary_.c_str());
  free_slot(std::exchange(slot_, -1));
}

void OutputFile::write_at(const void* data, std::size_t bytes, std::uint64_t offset) {
  const auto* in = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t n = ::pwrite(fd_, in, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail_io(path_.string(), "write", n < 0 ? errno : ENOSPC);
    in += n;
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::size_t>(n);
    if (offset > size_) size_ = offset;
  }
}

std::size_t OutputFile::read_at(void* destination, std::size_t bytes, std::uint64_t offset) const {
  auto* out = static_cast<char*>(destination);
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t n = ::pread(fd_, out + done, bytes - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_io(path_.string(), "reading back", errno);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

void OutputFile::find_size() {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) fail_io(path_.string(), "reading back", errno);
  size_ = static_cast<std::uint64_t>(info.st_size);
}

std::string OutputFile::sha256() const {
  Sha256 digest;
  std::vector<char> buffer(1 << 20);
  for (std::uint64_t offset = 0;;) {
    const std::size_t n = read_at(buffer.data(), buffer.size(), offset);
    if (n == 0) return digest.hex();
    digest.update(buffer.data(), n);
    offset += n;
  }
}

void OutputFile::commit() {
  if (::fsync(fd_) != 0 && errno != EINVAL) fail_io(path_.string(), "sync", errno);
  rename_to_final();
  free_slot(std::exchange(slot_, -1));
  // The file has its final name now: later failures are reported, but do not remove it.
  if (::close(std::exchange(fd_, -1)) != 0 && errno != EINTR) fail_io(path_.string(), "close", errno);
  sync_folder(temporary_);
}

void OutputFile::rename_to_final() {
  const std::filesystem::path final = temporary_.parent_path() / path_.filename();
  if (overwrite_) {
    if (::rename(temporary_.c_str(), final.c_str()) != 0) fail_create(path_, errno);
    return;
  }
  if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, final.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS) fail_create(path_, errno);
  // Without RENAME_NOREPLACE on this file system, a hard link does not replace an existing file either.
  if (::link(temporary_.c_str(), final.c_str()) == 0) {
    ::unlink(temporary_.c_str());
    return;
  }
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) fail_create(path_, errno);
  // Without hard links either (FAT), check first and then rename.
  struct stat info {};
  if (::lstat(final.c_str(), &info) == 0) fail_create(path_, EEXIST);
  if (::rename(temporary_.c_str(), final.c_str()) != 0) fail_create(path_, errno);
}

void remove_temporaries() noexcept {
  const int saved = errno;
  for (Slot& slot : slots) {
    if (slot.state.load() == slot_live) ::unlink(slot.path.data());
  }
  errno = saved;
}

void write_stream(int fd, const std::string& name, const void* data, std::size_t bytes) {
  const NoSigpipe blocked;
  const auto* in = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t n = ::write(fd, in, bytes);
    if (n > 0) {
      in += n;
      bytes -= static_cast<std::size_t>(n);
      continue;
    }
    const int code = n < 0 ? errno : EIO;
    if (code == EINTR) continue;
    if (code == EAGAIN || code == EWOULDBLOCK) {  // another program made the pipe non-blocking
      pollfd ready{fd, POLLOUT, 0};
      ::poll(&ready, 1, -1);
      continue;
    }
    if (code == EPIPE) {
      throw Error(ErrorKind::reader_gone, kComponent, name + ": the reader closed it before the end");
    }
    fail_io(name, "write", code);
  }
}

}  // namespace sora
