// Text as code points.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sora {

/// Decodes UTF-8 strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
/// Empty if it is invalid; then `error_at`, unless null, is the offset of the first bad byte.
std::optional<std::u32string> from_utf8(std::string_view bytes, std::size_t* error_at = nullptr);

void append_utf8(std::string& out, char32_t c);
std::string to_utf8(std::u32string_view text);

/// Normalization form C (canonical composition).
std::u32string nfc(std::u32string_view text);

/// Normalization form KC (compatibility decomposition, canonical composition).
std::u32string nfkc(std::u32string_view text);

/// Unicode's White_Space.
bool is_white_space(char32_t c);

/// Decimal digits of any script.
bool is_decimal_digit(char32_t c);

/// Whether an extended grapheme cluster ends between `left` and `right`; start with `state` 0 and
/// pass it on from character to character.
bool grapheme_break(char32_t left, char32_t right, int& state);

}  // namespace sora
