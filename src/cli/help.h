// The help text, made from the same lists of options as the parser.
#pragma once

#include <string>
#include <vector>

#include "cli/verbs.h"

namespace sora {

/// What a newcomer needs first; with `all`, every option.
std::string help_text(const std::vector<Verb>& verbs, bool all);

}  // namespace sora
