// Outputs that appear whole or not at all, and streams whose every write is checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace sora {

/// A file that is written under a hidden temporary name in the folder of its destination, and takes
/// its name only when it is whole. Until commit() nothing is seen under the final name; the temporary
/// is removed by discard(), by the destructor, and by remove_temporaries() from a signal handler; that of a
/// process that was killed, by the next process of the same machine that writes into the folder.
///
/// Errors: cannot_create (no such folder, no permission, the file exists), io (a write failed; the
/// message names the cause, such as a full disk).
class OutputFile {
 public:
  /// Creates the temporary. Without `overwrite` an existing file is refused, here and at commit().
  /// A symbolic link to a file stays a link: the file that it points to is replaced. A link to nothing is
  /// refused.
  explicit OutputFile(const std::filesystem::path& path, bool overwrite = false);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  /// Appends.
  void write(const void* data, std::size_t bytes) { write_at(data, bytes, size_); }
  void write_at(const void* data, std::size_t bytes, std::uint64_t offset);
  /// Reads back what was written; fewer bytes than asked for only at the end.
  std::size_t read_at(void* destination, std::size_t bytes, std::uint64_t offset) const;

  std::uint64_t size() const { return size_; }
  /// Digest of the bytes written so far.
  std::string sha256() const;

  /// Syncs, closes and renames the file to its final name, and syncs the folder.
  void commit();
  void discard() noexcept;

  const std::filesystem::path& path() const { return path_; }
  const std::filesystem::path& temporary_path() const { return temporary_; }

 private:
  void rename_to_final();

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  bool overwrite_ = false;
  int fd_ = -1;
  int slot_ = -1;  // in the registry of temporaries
  std::uint64_t size_ = 0;
};

/// Removes the temporaries of all OutputFiles that are open. Async-signal-safe; for the handler of a
/// signal that ends the process at once.
void remove_temporaries() noexcept;

/// Writes all bytes to a descriptor such as standard output; SIGPIPE is held back meanwhile. `name`
/// stands in messages. Throws reader_gone when the other end was closed, io on any other failure.
void write_stream(int fd, const std::string& name, const void* data, std::size_t bytes);

}  // namespace sora
