#include "models/clip/tokenizer/byte_pairs.h"

#include <queue>
#include <tuple>

#include "core/text.h"
#include "models/t5/text/unicode.h"
#include "sora/error.h"

namespace sora::clip {
namespace {

constexpr const char* kEndOfWord = "</w>";
constexpr std::int64_t kLargestId = (std::int64_t{1} << 31) - 1;

// The character that stands for a byte in the files: itself where it is printable in Latin-1, else one of
// those from U+0100 on.
std::vector<char32_t> byte_characters() {
  std::vector<char32_t> characters(256);
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    characters[byte] = printable ? byte : next++;
  }
  return characters;
}

std::uint64_t key_of(std::int64_t left, std::int64_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
}

// A part of the word; merged parts form a list. An unknown part has no merge.
struct Part {
  std::int64_t id = 0;
  std::ptrdiff_t before = -1, after = -1;
  bool is_gone = false;
};

}  // namespace

BytePairs::BytePairs(const BytePairFiles& files, const std::string& unknown) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorKind::data, "tokenizer", files.source + ": " + what + "; is this a CLIP tokenizer?");
  };
  for (const auto& [piece, id] : files.vocabulary) {
    if (id < 0 || id > kLargestId)
      fail("the id of " + excerpt(piece) + " is " + std::to_string(id) + ", expected 0 to 2147483647");
  }
  const auto found = files.vocabulary.find(unknown);
  if (found == files.vocabulary.end()) fail("has no piece " + unknown);
  unknown_ = found->second;
  const auto id_of = [&](const std::string& piece) {
    const auto it = files.vocabulary.find(piece);
    return it == files.vocabulary.end() ? std::int64_t{-1} : it->second;
  };
  const auto characters = byte_characters();
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const std::string piece = to_utf8({&characters[byte], 1});
    inner_[byte] = id_of(piece);
    last_[byte] = id_of(piece + kEndOfWord);
  }
  std::uint32_t rank = 0;
  for (const auto& [left, right] : files.merges) {
    const std::int64_t a = id_of(left), b = id_of(right), made = id_of(left + right);
    if (a < 0 || b < 0 || made < 0) {
      fail("merge " + std::to_string(rank + 1) + " joins " + excerpt(left) + " and " + excerpt(right) +
           ", which are not all in the vocabulary");
    }
    merges_.insert_or_assign(key_of(a, b), Merge{rank++, made});
  }
}

const BytePairs::Merge* BytePairs::merge_of(std::int64_t left, std::int64_t right) const {
  const auto found = merges_.find(key_of(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void BytePairs::encode(std::string_view word, std::vector<std::int64_t>& ids) const {
  std::vector<Part> parts(word.size());
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const auto place = static_cast<std::ptrdiff_t>(i);
    const bool is_last = i + 1 == word.size();
    const std::int64_t id = is_last ? last_[byte] : inner_[byte];
    parts[i] = {id < 0 ? unknown_ : id, place - 1, is_last ? -1 : place + 1, false};
  }
  // The most important merge first; of equal ones, that which is further left. An entry is out of date when
  // one of its parts has been merged since.
  struct Entry {
    std::uint32_t rank;
    std::ptrdiff_t place;
    std::int64_t left, right;
    bool operator>(const Entry& other) const {
      return std::tie(rank, place) > std::tie(other.rank, other.place);
    }
  };
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  const auto at = [&](std::ptrdiff_t place) -> Part& { return parts[static_cast<std::size_t>(place)]; };
  const auto offer = [&](std::ptrdiff_t place) {
    if (place < 0 || at(place).after < 0) return;
    const std::int64_t left = at(place).id, right = at(at(place).after).id;
    if (const Merge* merge = merge_of(left, right)) queue.push({merge->rank, place, left, right});
  };
  for (std::size_t i = 0; i < word.size(); ++i) offer(static_cast<std::ptrdiff_t>(i));
  while (!queue.empty()) {
    const Entry entry = queue.top();
    queue.pop();
    Part& left = at(entry.place);
    if (left.is_gone || left.after < 0 || left.id != entry.left || at(left.after).id != entry.right) continue;
    Part& right = at(left.after);
    left.id = merge_of(entry.left, entry.right)->made;
    right.is_gone = true;
    left.after = right.after;
    if (right.after >= 0) at(right.after).before = entry.place;
    offer(left.before);
    offer(entry.place);
  }
  for (const Part& part : parts) {
    if (!part.is_gone) ids.push_back(part.id);
  }
}

}  // namespace sora::clip
