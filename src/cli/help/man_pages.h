// Manual pages: sora-gen.1, and one for each verb, sora-gen-extend.1.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/verbs.h"

namespace sora {

/// Names of files and their text, in the macros of man(7).
std::vector<std::pair<std::string, std::string>> man_pages(const std::vector<Verb>& verbs);

}  // namespace sora
