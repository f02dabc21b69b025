// Byte-pair encoding (1508.07909) of words, with the ids of the model BPE in the library `tokenizers`, as
// CLIP uses it: over bytes, with a mark at the end of each word.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sora::clip {

/// A vocabulary as it is written in files: each byte is a printable character there (GPT-2's table), and a
/// piece that ends a word ends with `</w>`.
struct BytePairFiles {
  std::string source;                                        ///< for messages
  std::unordered_map<std::string, std::int64_t> vocabulary;  ///< ids of pieces
  std::vector<std::pair<std::string, std::string>> merges;   ///< the most important first
};

class BytePairs {
 public:
  /// `unknown`: the piece that stands for bytes without a piece. Throws Error (data) where a merge has a part
  /// or a result that is not in the vocabulary, or `unknown` is not.
  BytePairs(const BytePairFiles& files, const std::string& unknown);

  /// Appends the ids of a word (any bytes, at least one), in time n log n.
  void encode(std::string_view word, std::vector<std::int64_t>& ids) const;

 private:
  struct Merge {
    std::uint32_t rank = 0;
    std::int64_t made = 0;
  };
  const Merge* merge_of(std::int64_t left, std::int64_t right) const;

  std::int64_t unknown_ = 0;
  std::int64_t inner_[256], last_[256];              // ids of the bytes, and of those that end a word
  std::unordered_map<std::uint64_t, Merge> merges_;  // by the ids of both parts
};

}  // namespace sora::clip
