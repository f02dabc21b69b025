// The help text, from the same lists of options as the parser.
#pragma once

#include <string>
#include <vector>

#include "cli/verbs.h"

namespace sora {

/// The most important options; with `all`, every option.
std::string help_text(const std::vector<Verb>& verbs, bool all);

}  // namespace sora
