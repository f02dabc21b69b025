// The hub's answers read.
#pragma once

#include <string>

#include "net/hub/hub.h"

namespace sora {

/// The commit in an answer about a repository. `what` begins the message. Throws Error (data).
std::string read_commit(const std::string& json, const std::string& what);

/// Adds the files of one page of a repository's tree. Throws Error (data).
void read_page(const std::string& json, const std::string& what, HubListing& listing);

}  // namespace sora
