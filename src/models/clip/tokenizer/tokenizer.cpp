#include "models/clip/tokenizer/tokenizer.h"

#include <algorithm>
#include <string>

#include "models/clip/tokenizer/normalize.h"
#include "models/t5/text/unicode.h"
#include "sora/error.h"

namespace sora::clip {
namespace {

constexpr std::string_view kStart = "<|startoftext|>";
constexpr std::string_view kEnd = "<|endoftext|>";
constexpr std::u32string_view kStartPoints = U"<|startoftext|>";
constexpr std::u32string_view kEndPoints = U"<|endoftext|>";

// The length of the word that begins at the first code point of `text`; 0 for white space. A word is a
// contraction, a run of letters, one digit, or a run of other characters.
std::size_t word_length(std::u32string_view text) {
  for (const std::u32string_view part : {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"}) {
    if (text.starts_with(part)) return part.size();
  }
  if (is_white_space(text[0])) return 0;
  if (is_number(text[0])) return 1;
  const bool letters = is_letter(text[0]);
  const auto belongs = [&](char32_t c) {
    return letters ? is_letter(c) : !is_letter(c) && !is_number(c) && !is_white_space(c);
  };
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) - text.begin());
}

// Where `part` begins in `text` from `begin` on; text.size() where it does not.
std::size_t find_from(std::string_view text, std::string_view part, std::size_t begin) {
  return std::min(text.find(part, begin), text.size());
}

}  // namespace

ClipTokenizer::ClipTokenizer(const std::filesystem::path& folder)
    : ClipTokenizer(read_clip_tokenizer(folder)) {}

ClipTokenizer::ClipTokenizer(const TokenizerFiles& files)
    : pairs_(files.pairs, std::string(kEnd)), start_in_any_case_(files.start_in_any_case) {
  const auto id_of = [&](std::string_view piece) {
    const auto found = files.pairs.vocabulary.find(std::string(piece));
    if (found == files.pairs.vocabulary.end()) {
      throw Error(
          ErrorKind::data, "tokenizer",
          files.pairs.source + ": has no piece " + std::string(piece) + "; is this a CLIP tokenizer?");
    }
    return found->second;
  };
  start_id_ = id_of(kStart);
  end_id_ = id_of(kEnd);
}

void ClipTokenizer::tokenize_plain(std::string_view bytes, std::vector<std::int64_t>& ids) const {
  const std::u32string text = normalized(bytes);
  std::u32string_view rest = text;
  while (!rest.empty()) {
    if (rest.starts_with(kStartPoints) && start_in_any_case_) {
      ids.push_back(start_id_);
      rest.remove_prefix(kStartPoints.size());
      continue;
    }
    // These were written in capitals, and are ordinary text: three words.
    const bool is_mark = rest.starts_with(kStartPoints) || rest.starts_with(kEndPoints);
    std::size_t length = is_mark ? 2 : word_length(rest);
    // A run of other characters ends where <|startoftext|> begins, which was found before words were.
    if (start_in_any_case_)
      length = std::min(length, rest.substr(0, length + kStartPoints.size()).find(kStartPoints));
    if (length > 0) pairs_.encode(to_utf8(rest.substr(0, length)), ids);
    rest.remove_prefix(std::max<std::size_t>(1, length));
    if (!is_mark) continue;
    const std::size_t letters = rest.find(U'|');
    pairs_.encode(to_utf8(rest.substr(0, letters)), ids);
    pairs_.encode("|>", ids);
    rest.remove_prefix(letters + 2);
  }
}

std::vector<std::int64_t> ClipTokenizer::tokenize(std::string_view text) const {
  std::vector<std::int64_t> ids;
  std::size_t start = find_from(text, kStart, 0), end = find_from(text, kEnd, 0);
  if (start_in_any_case_) start = text.size();  // found in the normalized text
  for (std::size_t plain = 0; plain < text.size();) {
    const std::size_t next = std::min(start, end);
    if (next > plain) tokenize_plain(text.substr(plain, next - plain), ids);
    if (next == text.size()) break;
    const bool is_start = next == start;
    ids.push_back(is_start ? start_id_ : end_id_);
    plain = next + (is_start ? kStart : kEnd).size();
    if (is_start) {
      start = find_from(text, kStart, plain);
    } else {
      end = find_from(text, kEnd, plain);
    }
  }
  return ids;
}

std::vector<std::int64_t> ClipTokenizer::encode(std::string_view text, std::size_t max_length,
                                                std::size_t* dropped) const {
  std::vector<std::int64_t> ids = tokenize(text);
  const std::size_t kept = std::min(ids.size(), max_length - 2);
  if (dropped != nullptr) *dropped = ids.size() - kept;
  ids.resize(kept);
  ids.insert(ids.begin(), start_id_);
  ids.push_back(end_id_);
  return ids;
}

}  // namespace sora::clip
