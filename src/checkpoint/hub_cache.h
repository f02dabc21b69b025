// Models that Python's huggingface_hub downloaded. Its cache is only read, never written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace sora {

/// $HF_HUB_CACHE, else $HF_HOME/hub, else ~/.cache/huggingface/hub. Empty where $HOME is not set.
std::filesystem::path hub_cache();

/// Whether `name` is OWNER/NAME, the form of the hub's repositories.
bool is_hub_name(const std::string& name);

/// The folder of a repository's revision "main" in the cache; empty where the cache has none.
std::optional<std::filesystem::path> hub_snapshot(const std::string& name);

/// OWNER/NAME of the repository whose snapshot `folder` is, by its path; empty for any other folder.
std::string hub_name(const std::filesystem::path& folder);

}  // namespace sora
