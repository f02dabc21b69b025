// The normalization of CLIP's tokenizer.
#pragma once

#include <string>
#include <string_view>

namespace sora::clip {

/// Composed (NFC), each run of white space as one space, in lower case. Throws Error (data) where the text is
/// not UTF-8.
std::u32string normalized(std::string_view text);

}  // namespace sora::clip
