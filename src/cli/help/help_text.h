// The help text, made from the same lists of options as the parser.
#pragma once

#include <string>
#include <vector>

#include "cli/verbs.h"

namespace sora {

/// What a newcomer needs first; with `all`, every option. No line is wider than `width`, where words allow.
std::string help_text(const std::vector<Verb>& verbs, bool all, std::size_t width);

/// The same of one verb: what it does, its own options, the common ones, examples.
std::string verb_help(const Verb& verb, bool all, std::size_t width);

/// The options that a verb shares with others and that its help shows: those needed first, without its own.
std::vector<std::string> common_options(const Verb& verb);

/// "sora-gen extend CLIP [OPTIONS]"
std::string synopsis(const Verb& verb);

}  // namespace sora
