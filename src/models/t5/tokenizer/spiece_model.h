// The model file of sentencepiece: a protobuf message, ModelProto of
// https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
//
// Note [No sentencepiece library]: the file is read here, because the library hands out neither the
// normalization table nor which pieces are user-defined, and because the reference (the `tokenizers` library)
// segments in another way: it normalizes by grapheme cluster, never falls back to bytes, matches special
// pieces in the text, and takes each word on its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/t5/tokenizer/unigram.h"

namespace sora {

struct SpieceModel {
  std::vector<Piece> pieces;         ///< in the order of ids
  std::vector<std::string> special;  ///< control and user-defined pieces
  std::string charsmap;              ///< precompiled normalization; may be empty
};

/// Reads a serialized unigram model. Throws Error (data); `where` names the file.
SpieceModel parse_spiece_model(std::string_view bytes, const std::string& where);

}  // namespace sora
