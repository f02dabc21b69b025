// Words that a model has never seen. A small model says in sora-gen.json which ones it was trained with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sora {

/// The words of `prompt`, lower case, each once and in their order, that `vocabulary` (sorted) does not hold.
/// A word is letters, with hyphens between them; what is not ASCII counts as letters. Numbers and signs are
/// none. A compound whose parts are all known is known.
std::vector<std::string> unknown_words(std::string_view prompt, const std::vector<std::string>& vocabulary);

}  // namespace sora
