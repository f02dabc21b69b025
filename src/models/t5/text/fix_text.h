// Repairs broken text, as ftfy.fix_text does with its defaults.
#pragma once

#include <string>
#include <string_view>

namespace sora {

/// Repairs, line by line, HTML entities (up to the first line with a '<'), mojibake, Latin ligatures, full-
/// and half-width forms, curly quotes, line breaks, terminal escapes and control characters, and normalizes
/// to form C.
std::u32string fix_text(std::u32string_view text);

}  // namespace sora
