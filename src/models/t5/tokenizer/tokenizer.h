// The tokenizer of T5 and UMT5, with the ids that transformers' T5Tokenizer gives.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/t5/tokenizer/charsmap.h"
#include "models/t5/tokenizer/unigram.h"

namespace sora {

class T5Tokenizer {
 public:
  /// Reads a model's `tokenizer` folder. Throws Error: no_input, data.
  explicit T5Tokenizer(const std::filesystem::path& folder);

  /// Ids of a text (UTF-8), without </s>. Special tokens such as <extra_id_0> or </s> are recognised in it.
  std::vector<std::int64_t> tokenize(std::string_view text) const;

  /// The input of the text encoder: the first max_length - 1 ids of the text, then </s>. The reference pads
  /// with id 0 to max_length and masks the padding. `dropped`, unless null, is set to how many ids did not
  /// fit.
  std::vector<std::int64_t> encode(std::string_view text, std::size_t max_length,
                                   std::size_t* dropped = nullptr) const;

  /// The words of the text that have a part outside of the vocabulary, each once, as written.
  std::vector<std::string> unknown_words(std::string_view text) const;

 private:
  /// The length of the longest special token that the text begins with, and its id; 0 where there is none.
  std::pair<std::size_t, std::int64_t> special_at(std::string_view text) const;
  void tokenize_plain(std::string_view text, std::vector<std::int64_t>& ids) const;

  std::string source_;
  Unigram unigram_;
  Charsmap charsmap_;
  std::unordered_map<std::string, std::int64_t> special_;     // ids by their texts
  std::vector<std::pair<char, std::size_t>> special_starts_;  // first bytes and lengths, longest first
  std::int64_t eos_id_ = 0;

  explicit T5Tokenizer(struct TokenizerFiles files);
};

}  // namespace sora
