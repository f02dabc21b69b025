// The model file of sentencepiece: a protobuf message, ModelProto of
// https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
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

/// Writes a unigram model without normalization for the sentencepiece library: see Note [Segmenting as the
/// reference does] in unigram.cpp. Id 0 is the library's unknown piece; the first piece added has id 1.
class SpieceWriter {
 public:
  SpieceWriter();
  void add(std::string_view text, float score);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads a serialized unigram model. Throws Error (data); `where` names the file.
SpieceModel parse_spiece_model(std::string_view bytes, const std::string& where);

}  // namespace sora
