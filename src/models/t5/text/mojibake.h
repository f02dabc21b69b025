// Repair of text that was decoded with the wrong encoding ("schÃ¶n" for "schön").
#pragma once

#include <string>
#include <string_view>

namespace sora {

/// ftfy.fix_encoding: finds sequences that are very unlikely in real text, and re-reads the text as UTF-8
/// through the single-byte encoding that it went through (Latin-1, Windows-125x, MacRoman, ...). Text without
/// such sequences stays as it is. The method is that of ftfy 6.3 (https://github.com/rspeer/python-ftfy).
std::u32string fix_encoding(std::u32string_view text);

/// Replaces C1 control characters by the Windows-1252 characters of the same bytes.
std::u32string fix_c1_controls(std::u32string_view text);

}  // namespace sora
