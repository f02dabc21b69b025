// What lies in the folder of a fetched model beside it: .fetched, of which commit its files are.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "net/hub/hub.h"

namespace sora {

/// Throws Error (cannot_create, io).
void write_manifest(const std::filesystem::path& folder, const HubListing& listing);

/// The commit; none where the folder was not fetched.
std::optional<std::string> fetched_commit(const std::filesystem::path& folder);

}  // namespace sora
