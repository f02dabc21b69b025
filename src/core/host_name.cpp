#include "core/host_name.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>

namespace sora {
namespace {

constexpr std::size_t kLongest = 64;  // HOST_NAME_MAX of Linux

std::mutex mutex;
std::string replacement;  // guarded by mutex

std::string for_file_names(std::string name) {
  name.resize(std::min(name.size(), kLongest));
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-';
    if (!plain) c = '_';
  }
  return name.empty() ? "unknown" : name;
}

}  // namespace

std::string host_name() {
  {
    const std::lock_guard lock(mutex);
    if (!replacement.empty()) return for_file_names(replacement);
  }
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return for_file_names(name.data());
}

void set_host_name_for_tests(const std::string& name) {
  const std::lock_guard lock(mutex);
  replacement = name;
}

}  // namespace sora
