// Models that Python's huggingface_hub has fetched: its cache is read, never written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace sora {

/// $HF_HUB_CACHE, else $HF_HOME/hub, else ~/.cache/huggingface/hub. Empty where no home is known.
std::filesystem::path hub_cache();

/// OWNER/NAME, as the hub names its repositories.
bool is_hub_name(const std::string& name);

/// The folder of a repository's revision "main" in the cache; empty where it is not there.
std::optional<std::filesystem::path> hub_snapshot(const std::string& name);

}  // namespace sora
