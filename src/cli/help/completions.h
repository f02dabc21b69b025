// What shells complete: verbs, options, and the values of options that have few.
#pragma once

#include <string>
#include <vector>

#include "cli/verbs.h"

namespace sora {

/// The script for "bash", "zsh" or "fish". Throws Error (usage) for another shell.
std::string completions(const std::string& shell, const std::vector<Verb>& verbs);

}  // namespace sora
