// Files that are given for texts and are none.
#pragma once

#include <string>
#include <string_view>

namespace sora {

/// What a file with these bytes is, and what to do: "is a PDF, expected plain text; ...". Empty: it may be a
/// text.
std::string not_a_text(std::string_view bytes);

}  // namespace sora
