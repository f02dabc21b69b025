// Locks that end with their process, however it ends, on local disks and over NFS.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace sora {

/// A file whose bytes are locked one by one (open file description locks, see fcntl(2)); the bytes need not
/// exist. Locks are the kernel's: a process that is killed leaves none behind.
class LockedFile {
 public:
  /// Opens the file, and creates it when it is missing. Throws Error: cannot_create, io.
  explicit LockedFile(const std::filesystem::path& path);
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;
  ~LockedFile();

  enum class Mode { shared, exclusive };

  /// False when another process holds the byte in a way that does not go together with `mode`.
  bool try_lock(std::uint64_t byte, Mode mode);
  void lock(std::uint64_t byte, Mode mode);  ///< waits
  void unlock(std::uint64_t byte);
  /// Whether another open file holds the byte exclusively.
  bool is_locked(std::uint64_t byte) const;

  /// Writes into the file who holds it: this process and its machine. For people, and without a complaint
  /// when it fails; the locks alone say whether somebody does.
  void write_holder() const noexcept;
  /// "process 1234 on node7", who wrote that last; empty when it is not known, or was a process of this
  /// machine that has ended.
  std::string holder() const;

  int descriptor() const { return fd_; }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace sora
