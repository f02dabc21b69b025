// A published model, fetched into the folder where models are looked for. scripts/fetch-model does the same,
// and each goes on with what the other has left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "net/hub/hub.h"

namespace sora {

struct PullSettings {
  std::string repository;  ///< OWNER/NAME
  std::string revision = "main";
  std::filesystem::path models;  ///< the folder in which the model's folder is made
  bool only_look = false;        ///< lists and checks, and fetches nothing
};

/// "wan2.1-t2v-1.3b", "Wan2.1-T2V-1.3B-Diffusers" or OWNER/NAME, each with @REVISION or without.
/// Throws Error (usage), with the name that is meant.
PullSettings pull_settings(const std::string& name);

/// $SORA_GEN_MODELS, the first of its folders, else ~/.local/share/sora-gen/models. Throws Error (usage)
/// where there is neither.
std::filesystem::path models_folder();

struct PullResult {
  HubListing listing;
  std::filesystem::path folder;
  std::uint64_t bytes = 0;        ///< of all files
  std::uint64_t here_before = 0;  ///< of these
  bool was_there = false;         ///< whole, and of this commit
};

struct PullHooks {
  std::function<bool()> stop;
  std::function<void(const PullResult&)> begins;  ///< before the first byte: what will be fetched
  std::function<void(const HubFile&, std::uint64_t here)> file;  ///< one is here; bytes of all that are
  std::function<void(std::uint64_t here)> bytes;                 ///< so far, of all files
};

/// Fetches the model: into a hidden folder beside its own, which gets its name when every file is whole and
/// has its hash. Throws Error: as Hub::listing(); busy when another run fetches it; cannot_create; io, before
/// a byte is fetched, where the disk has too little room.
PullResult pull(const PullSettings& settings, const PullHooks& hooks);

}  // namespace sora
