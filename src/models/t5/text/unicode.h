// Text as code points.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sora {

/// Decodes UTF-8 strictly: no overlong forms, no surrogates, nothing above U+10FFFF. Empty if it is invalid;
/// `error_at`, unless null, is then set to the offset of the first bad byte.
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

/// Letters and numbers of any script: the categories L and N.
bool is_letter(char32_t c);
bool is_number(char32_t c);

/// Appends c in lower case, on its own: one code point, or two for U+0130.
void append_lower_case(std::u32string& out, char32_t c);

/// Whether an extended grapheme cluster ends between `left` and `right`. `state` is 0 at the start of a text,
/// and passed on from call to call.
bool grapheme_break(char32_t left, char32_t right, int& state);

}  // namespace sora
