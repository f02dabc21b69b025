#include "models/t5/tokenizer/unigram.h"

#include <algorithm>
#include <limits>

namespace sora {
namespace {

constexpr double kUnknownPenalty = 10;  // below the worst piece

std::size_t character_length(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

}  // namespace

Unigram::Unigram(std::vector<Piece> pieces, std::int64_t unk_id)
    : pieces_(std::move(pieces)), unk_id_(unk_id) {
  double worst = std::numeric_limits<double>::infinity();
  ids_.reserve(pieces_.size());
  for (std::size_t id = 0; id < pieces_.size(); ++id) {
    const Piece& piece = pieces_[id];
    ids_.insert_or_assign(piece.text, static_cast<std::int64_t>(id));
    longest_ = std::max(longest_, piece.text.size());
    worst = std::min(worst, piece.score);
  }
  unk_score_ = worst - kUnknownPenalty;
}

std::int64_t Unigram::find(std::string_view piece) const {
  const auto at = ids_.find(piece);
  return at == ids_.end() ? -1 : at->second;
}

std::vector<std::int64_t> Unigram::encode(std::string_view word) const {
  struct Node {
    std::int64_t id = -1;  // of the last piece of the best path that ends here; -1: not reached
    double score = 0;
    std::size_t begin = 0;  // of that piece
  };
  std::vector<Node> best(word.size() + 1);
  const auto offer = [&](std::size_t begin, std::size_t end, std::int64_t id, double score) {
    Node& node = best[end];
    score += best[begin].score;
    if (node.id < 0 || score > node.score) node = {id, score, begin};
  };

  for (std::size_t begin = 0; begin < word.size();) {
    const std::size_t first = begin + character_length(static_cast<unsigned char>(word[begin]));
    bool single = false;  // a piece of this one character exists
    for (std::size_t end = first; end <= word.size() && end - begin <= longest_;) {
      if (const std::int64_t id = find(word.substr(begin, end - begin)); id >= 0) {
        offer(begin, end, id, pieces_[static_cast<std::size_t>(id)].score);
        single |= end == first;
      }
      if (end == word.size()) break;
      end += character_length(static_cast<unsigned char>(word[end]));
    }
    if (!single) offer(begin, first, unk_id_, unk_score_);
    begin = first;
  }

  std::vector<std::int64_t> ids;
  for (std::size_t end = word.size(); end > 0; end = best[end].begin) {
    const std::int64_t id = best[end].id;
    if (id != unk_id_ || ids.empty() || ids.back() != unk_id_) ids.push_back(id);
  }
  std::reverse(ids.begin(), ids.end());
  return ids;
}

}  // namespace sora
