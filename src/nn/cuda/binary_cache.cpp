#include "nn/cuda/binary_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "core/output/output_file.h"
#include "core/sha256.h"
#include "core/unique_fd.h"
#include "sora/error.h"

namespace sora::nn::cuda {
namespace {

constexpr std::size_t most_bytes = std::size_t{16} << 20;

bool is_private(const struct stat& status) {
  return status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool is_private_folder(const std::filesystem::path& folder) {
  struct stat status {};
  return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && is_private(status);
}

std::string first_line(const std::string& binary) {
  return "sora-gen kernel " + std::to_string(binary.size()) + " " + sha256_hex(binary) + "\n";
}

// All bytes of a private regular file; nothing where it is not one, or not to be read.
std::optional<std::string> read_private(const std::filesystem::path& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || !is_private(status))
    return {};
  if (status.st_size <= 0 || static_cast<std::size_t>(status.st_size) > most_bytes) return {};
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::pread(file.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return {};
    done += static_cast<std::size_t>(got);
  }
  return text;
}

}  // namespace

std::optional<std::string> BinaryCache::find(const std::string& name) const {
  if (folder_.empty() || !is_private_folder(folder_)) return {};
  const std::optional<std::string> text = read_private(folder_ / (name + ".kernel"));
  if (!text) return {};
  const std::size_t line = text->find('\n');
  if (line == std::string::npos) return {};
  std::string binary = text->substr(line + 1);
  if (first_line(binary) != text->substr(0, line + 1)) {
    log(LogLevel::debug, "a damaged kernel in " + folder_.string() + " is compiled again");
    return {};
  }
  return binary;
}

void BinaryCache::keep(const std::string& name, const std::string& binary) const {
  if (folder_.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(folder_.parent_path(), ignored);
  ::mkdir(folder_.c_str(), 0700);
  if (!is_private_folder(folder_)) {
    log(LogLevel::debug,
        folder_.string() + " does not belong to this user alone; kernels are not kept there");
    return;
  }
  try {
    OutputFile file(folder_ / (name + ".kernel"), /*overwrite=*/true);
    const std::string line = first_line(binary);
    file.write(line.data(), line.size());
    file.write(binary.data(), binary.size());
    file.commit();
  } catch (const Error& error) {
    log(LogLevel::debug, std::string("a kernel is not kept: ") + error.what());
  }
}

}  // namespace sora::nn::cuda
