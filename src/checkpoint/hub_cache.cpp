#include "checkpoint/hub_cache.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "core/file.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_plain(const std::string& part) {
  return !part.empty() && part[0] != '.' && std::all_of(part.begin(), part.end(), [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

fs::path hub_cache() {
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (const std::string set = variable(name); !set.empty()) return set;
  }
  if (const std::string home = variable("HF_HOME"); !home.empty()) return fs::path(home) / "hub";
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "huggingface/hub";
  const std::string home = variable("HOME");
  return home.empty() ? fs::path() : fs::path(home) / ".cache/huggingface/hub";
}

bool is_hub_name(const std::string& name) {
  const auto slash = name.find('/');
  return slash != std::string::npos && is_plain(name.substr(0, slash)) && is_plain(name.substr(slash + 1));
}

std::optional<fs::path> hub_snapshot(const std::string& name) {
  if (!is_hub_name(name) || hub_cache().empty()) return {};
  std::string folder = "models--" + name;
  folder.replace(folder.find('/'), 1, "--");
  const fs::path repository = hub_cache() / folder;
  std::error_code code;
  if (!fs::is_regular_file(repository / "refs/main", code)) return {};
  std::string commit = read_text(repository / "refs/main", "checkpoint", 4096);
  while (!commit.empty() && std::isspace(static_cast<unsigned char>(commit.back())) != 0) commit.pop_back();
  if (!is_plain(commit)) return {};
  const fs::path snapshot = repository / "snapshots" / commit;
  return fs::is_directory(snapshot, code) ? std::optional(snapshot) : std::nullopt;
}

std::string hub_name(const fs::path& folder) {
  constexpr std::string_view start = "models--";
  if (folder.parent_path().filename() != "snapshots") return "";
  std::string name = folder.parent_path().parent_path().filename().string();
  const std::size_t slash = name.find("--", start.size());
  if (!name.starts_with(start) || slash == std::string::npos) return "";
  name.replace(slash, 2, "/");
  name.erase(0, start.size());
  return is_hub_name(name) ? name : "";
}

}  // namespace sora
