#include "core/folders.h"

#include <cstdlib>

namespace sora {
namespace {

std::filesystem::path folder(const char* variable, const char* below_home) {
  const char* set = std::getenv(variable);
  if (set != nullptr && *set == '/')
    return std::filesystem::path(set) / "sora-gen";  // a relative one is to be ignored
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return {};
  return std::filesystem::path(home) / below_home / "sora-gen";
}

}  // namespace

std::filesystem::path state_folder() { return folder("XDG_STATE_HOME", ".local/state"); }
std::filesystem::path cache_folder() { return folder("XDG_CACHE_HOME", ".cache"); }

}  // namespace sora
