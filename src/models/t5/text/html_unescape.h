// HTML character references.
#pragma once

#include <string>
#include <string_view>

namespace sora {

/// Replaces named and numeric character references by the rules of HTML5, including those without a
/// semicolon ("&amp", "&notin"), like Python's html.unescape.
std::u32string html_unescape(std::u32string_view text);

/// Replaces only references that end in a semicolon, and also names of Latin letters in capitals
/// ("&EACUTE;"), like ftfy.fixes.unescape_html.
std::u32string html_unescape_careful(std::u32string_view text);

}  // namespace sora
