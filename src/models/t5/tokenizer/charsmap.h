// The text normalization of a sentencepiece model (NFKC with additions, for most models).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sora {

/// A "precompiled charsmap": a double-array trie from byte sequences to their replacements.
class Charsmap {
 public:
  Charsmap() = default;  ///< leaves text unchanged

  /// `blob`: size of the trie in bytes (u32), the trie's units (u32 each), replacements ended by NUL.
  /// Throws Error (data); `where` names the file.
  Charsmap(std::string_view blob, const std::string& where);

  /// Normalizes UTF-8 text as the `tokenizers` library does: grapheme clusters of less than six bytes are
  /// looked up as a whole, others character by character; the shortest match replaces the text that was
  /// looked up. (The sentencepiece library takes the longest match at each position; the reference does not.)
  std::string normalize(std::string_view text) const;

 private:
  bool find(std::string_view key, std::string_view& replacement) const;

  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

}  // namespace sora
