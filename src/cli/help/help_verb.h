// What answers with help: --help, --help-all, help VERB, VERB --help; and what an installation is made of,
// man pages and completions.
#pragma once

#include <vector>

#include "cli/verbs.h"

namespace sora {

/// Whether the line asks for help, and nothing else of it counts.
bool asks_for_help(const Options& options);

/// help; help VERB; --help, --help-all, also behind a verb; help --format man DIR; completions SHELL. Returns
/// the exit code. Throws Error: usage, cannot_create, io.
int show_help(const Options& options, const std::vector<Verb>& verbs);

}  // namespace sora
