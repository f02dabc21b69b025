// Unigram segmentation: the most probable sequence of pieces (https://arxiv.org/abs/1804.10959).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sora {

struct Piece {
  std::string text;  ///< with U+2581 for a space
  double score = 0;  ///< log probability
};

class Unigram {
 public:
  /// Piece i has id i. `unk_id` stands for what no piece covers.
  Unigram(std::vector<Piece> pieces, std::int64_t unk_id);
  Unigram(Unigram&&) = default;
  Unigram& operator=(Unigram&&) = default;

  /// Ids of a word's best segmentation; a run of unknown characters is one `unk_id`.
  std::vector<std::int64_t> encode(std::string_view word) const;

  std::int64_t find(std::string_view piece) const;  ///< -1 if there is none
  std::int64_t size() const { return static_cast<std::int64_t>(pieces_.size()); }
  std::int64_t unk_id() const { return unk_id_; }

 private:
  std::vector<Piece> pieces_;
  std::unordered_map<std::string_view, std::int64_t> ids_;  // views into pieces_
  std::int64_t unk_id_;
  double unk_score_ = 0;
  std::size_t longest_ = 0;  // bytes
};

}  // namespace sora
