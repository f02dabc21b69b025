// Files that the code under test must not touch, watched for any access.
#pragma once

#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "file_contents.h"

namespace sora {

/// A folder of files, watched by the kernel (inotify) from here on: what is opened, written or created in it.
class Canaries {
 public:
  Canaries(const std::filesystem::path& folder, const std::vector<std::string>& names) : folder_(folder) {
    std::filesystem::create_directories(folder);
    for (const std::string& name : names) {
      std::filesystem::create_directories((folder / name).parent_path());
      std::ofstream(folder / name, std::ios::binary) << kText;
      names_.push_back(name);
    }
    watch_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    watch(folder);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.is_directory()) watch(entry.path());
    }
    (void)touched();  // forgets what this constructor opened
  }
  ~Canaries() { ::close(watch_); }
  Canaries(const Canaries&) = delete;

  /// What was done since the last call, as "photo.png opened"; empty: nothing.
  std::string touched() {
    std::string text;
    alignas(inotify_event) std::array<char, 65536> buffer{};
    for (ssize_t n; (n = ::read(watch_, buffer.data(), buffer.size())) > 0;) {
      for (ssize_t at = 0; at < n;) {
        inotify_event event{};
        std::memcpy(&event, buffer.data() + at, sizeof event);
        const char* name = event.len > 0 ? buffer.data() + at + sizeof event : "the folder";
        const bool opened = (event.mask & (IN_OPEN | IN_ACCESS)) != 0;
        text += std::string(name) + (opened ? " opened\n" : " changed\n");
        at += static_cast<ssize_t>(sizeof event + event.len);
      }
    }
    return text;
  }

  /// Whether each file still has its contents. (This call itself counts as touching.)
  bool whole() const {
    for (const std::string& name : names_) {
      if (contents(folder_ / name) != kText) return false;
    }
    return true;
  }

 private:
  static constexpr const char* kText = "a canary\n";

  void watch(const std::filesystem::path& folder) const {
    const auto events = IN_OPEN | IN_ACCESS | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVE;
    EXPECT_GE(::inotify_add_watch(watch_, folder.c_str(), events), 0);
  }

  std::filesystem::path folder_;
  std::vector<std::string> names_;
  int watch_ = -1;
};

}  // namespace sora
