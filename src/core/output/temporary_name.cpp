#include "core/output/temporary_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <random>
#include <string_view>

#include "core/host_name.h"
#include "core/text.h"

namespace sora {
namespace {

constexpr std::string_view kEnding = ".part";
constexpr std::size_t kLetters = 6;
constexpr std::size_t kUsualLongest = 255;

std::string random_letters() {
  std::random_device device;
  std::string text;
  for (unsigned bits = device(), i = 0; i < kLetters; ++i, bits >>= 5) {
    text += "abcdefghijklmnopqrstuvwxyz234567"[bits & 31];
  }
  return text;
}

// At most `bytes` bytes of a text, not cut within a UTF-8 character: some file systems refuse half
// characters.
std::string cut(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

// The process that a temporary file of this machine belongs to; 0 for every other file. The pattern is
// specific enough not to match other programs' files.
int process_of(std::string_view name) {
  const std::string host = "@" + host_name();
  const auto ends_with = [&](std::string_view ending) {
    return name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending;
  };
  if (name.empty() || name.front() != '.' || !ends_with(kEnding)) return 0;
  name.remove_suffix(kEnding.size());
  if (!ends_with(host)) return 0;
  name.remove_suffix(host.size());
  const std::size_t dash = name.rfind('-');
  const std::size_t dot = name.rfind('.');
  if (dash == std::string_view::npos || dot < 2 || dot > dash || name.size() - dash - 1 != kLetters) return 0;
  const std::string_view letters = name.substr(dash + 1);
  const bool random = std::all_of(letters.begin(), letters.end(),
                                  [](char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); });
  int process = 0;
  const bool number = set_from_text(process, name.substr(dot + 1, dash - dot - 1)).empty();
  return random && number && process > 0 ? process : 0;
}

// A temporary file is locked as long as its process lives; the kernel drops the lock however the process
// ends. On file systems without locks, kill() tells whether the process exists.
bool is_left_over(int fd, int process) {
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
  return errno != EWOULDBLOCK && ::kill(process, 0) != 0 && errno == ESRCH;
}

}  // namespace

std::size_t longest_name(const std::filesystem::path& folder) {
  const long bytes = ::pathconf(folder.empty() ? "." : folder.c_str(), _PC_NAME_MAX);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : kUsualLongest;
}

std::string temporary_name(const std::filesystem::path& folder, const std::string& file) {
  const std::string rest =
      "." + std::to_string(::getpid()) + "-" + random_letters() + "@" + host_name() + std::string(kEnding);
  const std::size_t longest = std::min(longest_name(folder), kUsualLongest);
  const std::size_t room = longest > rest.size() + 1 ? longest - rest.size() - 1 : 1;
  return "." + cut(file, room) + rest;
}

void remove_left_over(const std::filesystem::path& folder) {
  DIR* const entries = ::opendir(folder.empty() ? "." : folder.c_str());
  if (entries == nullptr) return;  // a folder may be writable and not readable
  while (const dirent* entry = ::readdir(entries)) {
    const int process = process_of(entry->d_name);
    if (process == 0) continue;
    constexpr int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = ::openat(::dirfd(entries), entry->d_name,
                      O_RDWR | flags);  // NFS locks only files that are open for writing
    if (fd < 0) fd = ::openat(::dirfd(entries), entry->d_name, O_RDONLY | flags);
    if (fd < 0) continue;
    if (is_left_over(fd, process)) ::unlinkat(::dirfd(entries), entry->d_name, 0);
    ::close(fd);
  }
  ::closedir(entries);
}

}  // namespace sora
