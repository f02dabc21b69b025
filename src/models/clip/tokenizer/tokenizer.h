// The tokenizer of CLIP's text encoder, with the ids that transformers' CLIPTokenizer gives.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "models/clip/tokenizer/byte_pairs.h"

namespace sora::clip {

/// What a tokenizer's folder contains.
struct TokenizerFiles {
  BytePairFiles pairs;
  /// Whether <|startoftext|> is also recognised in capitals, as the published files have it.
  bool start_in_any_case = false;
};

/// Reads tokenizer.json, or else vocab.json and merges.txt. Throws Error: no_input, data.
TokenizerFiles read_clip_tokenizer(const std::filesystem::path& folder);

class ClipTokenizer {
 public:
  /// Throws Error: no_input, data.
  explicit ClipTokenizer(const std::filesystem::path& folder);

  /// Ids of a text, without the tokens around it. <|startoftext|> and <|endoftext|> are recognised in it.
  /// Throws Error (data) if the text is not UTF-8.
  std::vector<std::int64_t> tokenize(std::string_view text) const;

  /// <|startoftext|>, the first max_length - 2 ids of the text, <|endoftext|>. `dropped`, unless null, is
  /// set to how many ids did not fit. Padding, which the encoder never attends to, is left out.
  std::vector<std::int64_t> encode(std::string_view text, std::size_t max_length,
                                   std::size_t* dropped = nullptr) const;

 private:
  void tokenize_plain(std::string_view text, std::vector<std::int64_t>& ids) const;

  explicit ClipTokenizer(const TokenizerFiles& files);

  BytePairs pairs_;
  std::int64_t start_id_ = 0, end_id_ = 0;
  bool start_in_any_case_ = false;
};

}  // namespace sora::clip
