// Words of a prompt that a model was not trained with. A small model lists those that it knows in
// sora-gen.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sora {

/// The words of `prompt` that are not in `vocabulary` (sorted): in lower case, each once, in their order. A
/// word consists of letters and of hyphens between them; characters beyond ASCII count as letters, digits and
/// signs do not. A compound is known if all its parts are.
std::vector<std::string> unknown_words(std::string_view prompt, const std::vector<std::string>& vocabulary);

}  // namespace sora
