#include "core/folders.h"

#include <cstdlib>

namespace sora {
namespace {

std::filesystem::path folder(const char* variable, const char* below_home) {
  const char* set = std::getenv(variable);
  if (set != nullptr && *set == '/')
    return std::filesystem::path(set) / "sora-gen";  // by the specification, relative paths are ignored
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return {};
  return std::filesystem::path(home) / below_home / "sora-gen";
}

}  // namespace

std::string script_command(const std::string& name) {
  std::error_code code;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", code);
  if (code) return "scripts/" + name;
  const auto is_there = [&](const std::filesystem::path& file) {
    return std::filesystem::is_regular_file(file, code);
  };
  const auto installed = program.parent_path().parent_path() / "share/sora-gen/scripts" / name;
  if (is_there(installed)) return installed.string();
  for (auto up = program.parent_path(); up.has_relative_path(); up = up.parent_path()) {
    if (is_there(up / "scripts" / name) && is_there(up / "include/sora/request.h"))
      return (up / "scripts" / name).string();
  }
  return "scripts/" + name;
}

std::filesystem::path state_folder() { return folder("XDG_STATE_HOME", ".local/state"); }
std::filesystem::path config_folder() { return folder("XDG_CONFIG_HOME", ".config"); }
std::filesystem::path data_folder() { return folder("XDG_DATA_HOME", ".local/share"); }
std::filesystem::path cache_folder() { return folder("XDG_CACHE_HOME", ".cache"); }

}  // namespace sora
