#include "net/hub/manifest.h"

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/json/json_text.h"
#include "core/output/output_file.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

constexpr const char* kName = ".fetched";

}  // namespace

void write_manifest(const fs::path& folder, const HubListing& listing) {
  nlohmann::ordered_json json{{"repository", listing.repository}, {"commit", listing.commit}};
  for (const HubFile& file : listing.files)
    json["files"][file.path] = {file.bytes, file.by_git ? "git" : "sha256", file.digest};
  const std::string text = json.dump(1) + "\n";
  OutputFile file(folder / kName, true);
  file.write(text.data(), text.size());
  file.commit();
}

std::optional<std::string> fetched_commit(const fs::path& folder) {
  std::error_code code;
  if (!fs::is_regular_file(folder / kName, code)) return {};
  nlohmann::json json;
  try {
    if (parse_json(read_text(folder / kName, "pull"), json) || !json.is_object()) return {};
  } catch (const Error&) {
    return {};
  }
  const auto commit = json.find("commit");
  return commit != json.end() && commit->is_string() ? std::optional(commit->get<std::string>())
                                                     : std::nullopt;
}

}  // namespace sora
