// Output files that appear whole or not at all, and checked writes to streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace sora {

/// A file that is written under a hidden temporary name in its final folder, and renamed when it is complete.
/// Until commit() there is nothing under the final name. The temporary file is removed by discard(), by the
/// destructor, or by remove_temporaries() from a signal handler. If its process is killed, the next process
/// of the same machine that writes into the folder removes it.
///
/// Errors: cannot_create (no such folder, no permission, the file exists), io (a write failed; the
/// message names the cause, such as a full disk).
class OutputFile {
 public:
  /// Creates the temporary file. Without `overwrite` an existing file is an error, here and at commit(). With
  /// it, a symbolic link stays, and the file that it points to is replaced. A link to no file is an error.
  explicit OutputFile(const std::filesystem::path& path, bool overwrite = false);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  /// Appends.
  void write(const void* data, std::size_t bytes) { write_at(data, bytes, size_); }
  void write_at(const void* data, std::size_t bytes, std::uint64_t offset);
  /// Reads what was written. Returns the number of bytes, which is smaller than `bytes` only at the end.
  std::size_t read_at(void* destination, std::size_t bytes, std::uint64_t offset) const;

  std::uint64_t size() const { return size_; }
  /// Takes the size from the disk, after another process wrote into temporary_path().
  void find_size();
  /// Digest of the bytes written so far.
  std::string sha256() const;

  /// Syncs and closes the file, renames it to its final name, and syncs the folder.
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
  int slot_ = -1;  // in the list for remove_temporaries()
  std::uint64_t size_ = 0;
};

/// Removes the temporary files of all open OutputFiles. Async-signal-safe: for the handler of a signal that
/// ends the process at once.
void remove_temporaries() noexcept;

/// Writes all bytes to a descriptor such as standard output, with SIGPIPE blocked. `name` is for messages.
/// Throws Error: reader_gone when the other end was closed, io on any other failure.
void write_stream(int fd, const std::string& name, const void* data, std::size_t bytes);

}  // namespace sora
