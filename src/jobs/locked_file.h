// File locks that the kernel releases when their process ends, on local disks and over NFS.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace sora {

/// A file whose bytes can be locked one by one (open file description locks, see fcntl(2)), also beyond its
/// end. A killed process leaves no locks.
class LockedFile {
 public:
  /// Opens the file, and creates it when it is missing. Throws Error: cannot_create, io.
  explicit LockedFile(const std::filesystem::path& path);
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;
  ~LockedFile();

  enum class Mode { shared, exclusive };

  /// Returns false when another process has a lock on the byte that excludes `mode`.
  bool try_lock(std::uint64_t byte, Mode mode);
  void lock(std::uint64_t byte, Mode mode);  ///< waits
  void unlock(std::uint64_t byte);
  /// Whether there is an exclusive lock on the byte through another open file.
  bool is_locked(std::uint64_t byte) const;

  /// Writes this process and its machine into the file, for messages to people. Failures are ignored, since
  /// only the locks decide.
  void write_holder() const noexcept;
  /// "process 1234 on node7", as written last by write_holder(); empty when it is not known, or a process of
  /// this machine that has ended.
  std::string holder() const;

  int descriptor() const { return fd_; }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace sora
