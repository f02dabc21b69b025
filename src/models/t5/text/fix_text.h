// Repairs broken text as ftfy.fix_text does with its defaults.
#pragma once

#include <string>
#include <string_view>

namespace sora {

/// Line by line: HTML entities (until a line has a literal '<'), mojibake, Latin ligatures, full- and
/// half-width forms, curly quotes, line breaks, terminal escapes, control characters, and normalization form
/// C.
std::u32string fix_text(std::u32string_view text);

}  // namespace sora
