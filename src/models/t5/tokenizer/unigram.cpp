#include "models/t5/tokenizer/unigram.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "models/t5/text/unicode.h"
#include "models/t5/tokenizer/spiece_model.h"
#include "sora/error.h"

// Note [Segmenting as the reference does]: the library is given a model that is made here, and words that are
// normalized and marked, so that it does what the reference does (the `tokenizers` library) and nothing else.
//
// - Every piece is a normal one: control pieces, bytes and user-defined pieces are not treated specially.
// - A character that is part of some piece, but not a piece itself, becomes a piece with the score and the id
//   of an unknown character. The library merges neighbouring unknown characters one by one, which takes
//   quadratic time; this way it has none to merge.
// - A word is cut wherever no piece crosses. The best segmentations of the parts give that of the whole.
// - The reference adds scores in doubles, which is exact for most models; of two equally good segmentations
//   of a prefix it takes the one with the longer last piece. The library adds floats, so rounding would
//   decide between equals. Therefore scores are rounded to multiples of 2^-14, and 3 is added for each
//   character, which is the same for all segmentations of a word and keeps sums near zero: up to 1024 they
//   are exact. What remains: segmentations whose log probabilities differ by some 0.0001 may be taken for
//   equal or be swapped, and so may equals in a part with a sum above 1024, such as hundreds of rare
//   characters.
namespace sora {
namespace {

constexpr double kUnknownPenalty = 10;  // below the worst piece
constexpr double kStep = 0x1p-14;
constexpr double kWorthOfCharacter = 3;

std::size_t character_length(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

float library_score(double score, std::size_t characters) {
  const double shifted = score + kWorthOfCharacter * static_cast<double>(characters);
  return static_cast<float>(std::round(shifted / kStep) * kStep);
}

std::uint64_t pair(char32_t left, char32_t right) { return static_cast<std::uint64_t>(left) << 32 | right; }

std::u32string characters_of(std::string_view piece, const std::string& where) {
  const auto characters = from_utf8(piece);
  if (!characters || characters->find(U'\0') != std::u32string::npos) {
    throw Error(ErrorKind::data, "tokenizer",
                where + ": a piece is not UTF-8 or has a zero byte in it; fetch the file again");
  }
  return *characters;
}

}  // namespace

Unigram::Unigram(const std::vector<Piece>& pieces, std::int64_t unk_id, const std::string& where)
    : processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()),
      size_(static_cast<std::int64_t>(pieces.size())),
      unk_id_(unk_id) {
  std::unordered_map<std::string_view, std::size_t> id_of;  // of pieces with the same text, the last counts
  double worst = std::numeric_limits<double>::infinity();
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (!pieces[id].text.empty()) id_of.insert_or_assign(pieces[id].text, id);
    worst = std::min(worst, pieces[id].score);
  }

  SpieceWriter model;
  ids_.push_back(unk_id);  // the library's unknown piece
  std::unordered_set<char32_t> characters;
  for (const auto& [text, id] : id_of) {
    const std::u32string points = characters_of(text, where);
    model.add(text, library_score(pieces[id].score, points.size()));
    ids_.push_back(static_cast<std::int64_t>(id));
    characters.insert(points.begin(), points.end());
    for (std::size_t i = 1; i < points.size(); ++i) pairs_.insert(pair(points[i - 1], points[i]));
  }
  known_ = ids_.size();
  for (const char32_t c : characters) {
    const std::string text = to_utf8({&c, 1});
    if (id_of.count(text)) continue;
    model.add(text, library_score(worst - kUnknownPenalty, 1));
    ids_.push_back(unk_id);
  }
  const auto status = processor_->LoadFromSerializedProto(model.bytes());
  if (!status.ok()) throw Error(ErrorKind::data, "tokenizer", where + ": " + status.ToString());
}

Unigram::~Unigram() = default;

std::int64_t Unigram::find(std::string_view piece) const {
  const auto id = static_cast<std::size_t>(processor_->PieceToId(piece));
  return id == 0 || id >= known_ ? -1 : ids_[id];
}

void Unigram::segment(std::string_view part, std::vector<std::int64_t>& ids) const {
  std::vector<int> found;
  const auto status = processor_->Encode(part, &found);
  if (!status.ok()) throw Error(ErrorKind::internal, "tokenizer", status.ToString());
  for (const int piece : found) {
    const std::int64_t id = ids_[static_cast<std::size_t>(piece)];
    if (id != unk_id_ || ids.empty() || ids.back() != unk_id_) ids.push_back(id);
  }
}

std::vector<std::int64_t> Unigram::encode(std::string_view word) const {
  std::vector<std::int64_t> ids;
  std::size_t begin = 0;  // of the part
  char32_t last = 0;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t length = character_length(static_cast<unsigned char>(word[at]));
    const auto character = from_utf8(word.substr(at, length));
    if (!character) throw Error(ErrorKind::data, "tokenizer", "the prompt is not valid UTF-8");
    const char32_t c = character->front();
    if (at > begin && !pairs_.count(pair(last, c))) {
      segment(word.substr(begin, at - begin), ids);
      begin = at;
    }
    last = c;
    at += length;
  }
  if (begin < word.size()) segment(word.substr(begin), ids);
  return ids;
}

}  // namespace sora
