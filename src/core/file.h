// A read-only file that is read by position. Errors name the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "core/unique_fd.h"

namespace sora {

class File {
 public:
  /// Throws Error: no_input if it does not exist, io if it cannot be opened, data if it is no regular file.
  /// `component` is that of the errors.
  File(const std::filesystem::path& path, std::string component);

  std::uint64_t size() const { return size_; }
  const std::filesystem::path& path() const { return path_; }

  /// Reads exactly `bytes` bytes at `offset`; a file that ends before that is an error (data).
  void read_at(void* destination, std::size_t bytes, std::uint64_t offset) const;

 private:
  std::filesystem::path path_;
  std::string component_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;
};

/// The whole file as text. Throws Error (data) for a file of over `limit` bytes.
std::string read_text(const std::filesystem::path& path, const std::string& component,
                      std::uint64_t limit = 64u << 20);

/// SHA-256 of the whole file, hexadecimal. Throws as File.
std::string file_sha256(const std::filesystem::path& path, const std::string& component);

/// All of standard input. Throws Error: data with the message `too_long` when it has over `limit` bytes, io.
std::string read_stdin(std::uint64_t limit, const std::string& too_long);

}  // namespace sora
