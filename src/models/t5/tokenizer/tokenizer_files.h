// The contents of a tokenizer folder, read from either of its two formats.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/t5/tokenizer/unigram.h"

namespace sora {

struct TokenizerFiles {
  std::vector<Piece> pieces;         ///< the vocabulary, in the order of ids
  std::string charsmap;              ///< precompiled normalization; may be empty
  std::vector<std::string> special;  ///< texts that are one token wherever they occur in the prompt
  std::string source;                ///< the file with the vocabulary
};

/// Reads `spiece.model` (sentencepiece) or, where a folder has none, `tokenizer.json` (tokenizers), and the
/// special tokens of tokenizer_config.json. T5's sentinels <extra_id_N> follow the pieces, last first, if the
/// vocabulary does not have them. Instead of a folder, `place` may be a file: a spiece.model of any name, or
/// a text encoder's weights with a tokenizer in them, as the tensor `spiece_model` or in GGUF's metadata.
/// Throws Error: no_input, data.
TokenizerFiles read_tokenizer_files(const std::filesystem::path& place);

}  // namespace sora
