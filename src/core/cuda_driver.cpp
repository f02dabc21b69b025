#include "core/cuda_driver.h"

#include <algorithm>
#include <string>
#include <system_error>

namespace sora {
namespace {

bool is_device(const std::string& name) {
  if (name == "dxg" || name == "nvhost-gpu") return true;
  constexpr std::string_view kPrefix = "nvidia";
  if (!name.starts_with(kPrefix) || name.size() == kPrefix.size()) return false;
  return std::all_of(name.begin() + kPrefix.size(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool cuda_driver_present(const std::filesystem::path& dev) {
  std::error_code code;
  for (std::filesystem::directory_iterator it(dev, code), end; !code && it != end; it.increment(code)) {
    if (is_device(it->path().filename().string())) return true;
  }
  return false;
}

}  // namespace sora
