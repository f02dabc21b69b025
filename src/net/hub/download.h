// One file of a repository, whole and with the right hash, whatever the connections do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "net/hub/hub.h"

namespace sora {

/// Told how many bytes of the file are here.
using Received = std::function<void(std::uint64_t bytes)>;

/// Whether a file of that size and hash lies there.
bool is_good(const std::filesystem::path& path, const HubFile& file);

/// Fetches the file to `part`, and goes on from what lies there. A connection that ends early is made again,
/// as long as each brings more, and up to six times when they do not. Throws Error as Hub::listing(), and
/// data where its bytes are three times not those of the hash.
void download(const Hub& hub, const HubListing& listing, const HubFile& file,
              const std::filesystem::path& part, const Received& received, const std::function<bool()>& stop);

}  // namespace sora
