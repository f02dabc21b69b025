// Repair of text that was decoded with the wrong encoding ("schÃ¶n" for "schön").
#pragma once

#include <string>
#include <string_view>

namespace sora {

/// Like ftfy.fix_encoding: where the text has sequences that are very unlikely in real text, it is encoded in
/// the single-byte encoding that it was wrongly decoded with (Latin-1, Windows-125x, MacRoman, ...), and
/// decoded as UTF-8. Text without such sequences is unchanged. The method is that of ftfy 6.3
/// (https://github.com/rspeer/python-ftfy).
std::u32string fix_encoding(std::u32string_view text);

/// Replaces C1 control characters by the characters of Windows-1252 with the same codes.
std::u32string fix_c1_controls(std::u32string_view text);

}  // namespace sora
