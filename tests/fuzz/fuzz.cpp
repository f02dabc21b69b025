#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>

#include "core/log.h"

namespace fs = std::filesystem;

namespace sora::fuzz {
namespace {

// Targets cause warnings about damaged input all the time.
const bool silent = [] {
  set_log_sink([](LogLevel, const std::string&) {});
  return true;
}();

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void write_all(int fd, std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t n = ::pwrite(fd, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (n <= 0) fail("writing a file in memory");
    at += static_cast<std::size_t>(n);
  }
}

}  // namespace

RamFile::RamFile() : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
  if (fd_ < 0) fail("making a file in memory");
  path_ = "/proc/self/fd/" + std::to_string(fd_);
}

RamFile::~RamFile() { ::close(fd_); }

void RamFile::fill(std::string_view bytes, std::uint64_t size) {
  if (::ftruncate(fd_, 0) != 0) fail("emptying a file in memory");
  if (size > bytes.size() && ::ftruncate(fd_, static_cast<off_t>(size)) != 0) fail("sizing a file in memory");
  write_all(fd_, bytes);
}

RamFolder::RamFolder() {
  const char* asked = std::getenv("TMPDIR");
  const fs::path place = asked != nullptr ? fs::path(asked) : fs::path("/dev/shm");
  std::error_code code;
  std::string name =
      ((fs::is_directory(place, code) ? place : fs::temp_directory_path()) / "sora-fuzz-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail("making a folder");
  path_ = name;
}

RamFolder::~RamFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void RamFolder::write(const std::string& name, std::string_view bytes) const {
  const fs::path file = path_ / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void RamFolder::remove(const std::string& name) const { fs::remove_all(path_ / name); }

void RamFolder::link(const std::string& name, const fs::path& target) const {
  const fs::path file = path_ / name;
  fs::create_directories(file.parent_path());
  fs::create_symlink(target, file);
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path.string() + " is missing");
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace sora::fuzz
