// Unigram segmentation: the most probable sequence of pieces (https://arxiv.org/abs/1804.10959).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace sora {

struct Piece {
  std::string text;  ///< with U+2581 for a space
  double score = 0;  ///< log probability
};

/// Uses the sentencepiece library with a model that is made here: Note [Segmenting as the reference does].
class Unigram {
 public:
  /// Piece i has id i. `unk_id` is the id of characters that no piece covers. Throws Error (data); `where`
  /// names the file.
  Unigram(const std::vector<Piece>& pieces, std::int64_t unk_id, const std::string& where);
  ~Unigram();

  /// Ids of a word's best segmentation; a run of unknown characters is one `unk_id`.
  std::vector<std::int64_t> encode(std::string_view word) const;

  std::int64_t find(std::string_view piece) const;  ///< -1 if there is none
  std::int64_t size() const { return size_; }

 private:
  /// Appends the ids of a part of a word.
  void segment(std::string_view part, std::vector<std::int64_t>& ids) const;

  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
  std::vector<std::int64_t> ids_;  // of the processor's pieces
  std::size_t known_ = 0;          // how many of them are pieces of the vocabulary, which come first
  std::unordered_set<std::uint64_t> pairs_;  // two characters that follow each other in some piece
  std::int64_t size_;
  std::int64_t unk_id_;
};

}  // namespace sora
