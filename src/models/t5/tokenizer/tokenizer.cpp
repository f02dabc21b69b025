#include "models/t5/tokenizer/tokenizer.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "models/t5/text/unicode.h"
#include "models/t5/tokenizer/tokenizer_files.h"
#include "sora/error.h"

namespace sora {
namespace {

// Fixed in transformers' T5Tokenizer, whatever the model file says.
constexpr std::int64_t kUnknownId = 2;
constexpr std::string_view kMetaspace = "\u2581";

/// Calls word(part) for each part of the text between white space.
template <class Word>
void for_each_word(std::string_view text, Word word) {
  const auto points = from_utf8(text);
  if (!points) throw Error(ErrorKind::data, "tokenizer", "the prompt is not valid UTF-8");
  for (std::size_t begin = 0; begin < points->size();) {
    std::size_t end = begin;
    while (end < points->size() && !is_white_space((*points)[end])) ++end;
    if (end > begin) word(to_utf8({points->data() + begin, end - begin}));
    begin = end + 1;
  }
}

}  // namespace

T5Tokenizer::T5Tokenizer(const std::filesystem::path& folder) : T5Tokenizer(read_tokenizer_files(folder)) {}

T5Tokenizer::T5Tokenizer(TokenizerFiles files)
    : source_(files.source),
      unigram_(files.pieces, kUnknownId, source_),
      charsmap_(files.charsmap, source_),
      eos_id_(unigram_.find("</s>")) {
  if (unigram_.size() <= kUnknownId || eos_id_ < 0) {
    throw Error(ErrorKind::data, "tokenizer",
                source_ + ": " + std::to_string(unigram_.size()) + " pieces, " +
                    (eos_id_ < 0 ? "without </s>" : "too few") +
                    "; expected the vocabulary of a T5 model: <pad>, </s>, <unk>, ...");
  }
  std::int64_t next_id = unigram_.size();
  std::set<std::pair<std::size_t, char>> starts;
  for (const std::string& text : files.special) {
    if (text.empty() || special_.count(text) != 0) continue;
    const std::int64_t id = unigram_.find(text);
    special_.emplace(text, id >= 0 ? id : next_id++);
    starts.emplace(text.size(), text.front());
  }
  for (auto start = starts.rbegin(); start != starts.rend(); ++start)
    special_starts_.emplace_back(start->second, start->first);
}

std::pair<std::size_t, std::int64_t> T5Tokenizer::special_at(std::string_view text) const {
  for (const auto& [first, length] : special_starts_) {
    if (text.front() != first || length > text.size()) continue;
    const auto found = special_.find(std::string(text.substr(0, length)));
    if (found != special_.end()) return {length, found->second};
  }
  return {0, 0};
}

void T5Tokenizer::tokenize_plain(std::string_view text, std::vector<std::int64_t>& ids) const {
  for_each_word(charsmap_.normalize(text), [&](const std::string& word) {
    // A metaspace in front marks the start of a word; one inside a word starts a new word.
    const std::string marked = word.starts_with(kMetaspace) ? word : std::string(kMetaspace) + word;
    for (std::size_t begin = 0; begin < marked.size();) {
      const std::size_t end = std::min(marked.find(kMetaspace, begin + kMetaspace.size()), marked.size());
      const auto part = unigram_.encode(std::string_view(marked).substr(begin, end - begin));
      ids.insert(ids.end(), part.begin(), part.end());
      begin = end;
    }
  });
}

std::vector<std::int64_t> T5Tokenizer::tokenize(std::string_view text) const {
  std::vector<std::int64_t> ids;
  std::size_t plain = 0;  // where the text after the last special token begins
  for (std::size_t at = 0; at < text.size();) {
    const auto [length, id] = special_at(text.substr(at));
    if (length == 0) {
      ++at;
      continue;
    }
    tokenize_plain(text.substr(plain, at - plain), ids);
    ids.push_back(id);
    plain = at += length;
  }
  tokenize_plain(text.substr(plain), ids);
  return ids;
}

std::vector<std::int64_t> T5Tokenizer::encode(std::string_view text, std::size_t max_length,
                                              std::size_t* dropped) const {
  std::vector<std::int64_t> ids = tokenize(text);
  const std::size_t kept = std::min(ids.size(), max_length - 1);
  if (dropped != nullptr) *dropped = ids.size() - kept;
  ids.resize(kept);
  ids.push_back(eos_id_);
  return ids;
}

std::vector<std::string> T5Tokenizer::unknown_words(std::string_view text) const {
  std::vector<std::string> unknown;
  std::unordered_set<std::string> seen;
  for_each_word(text, [&](const std::string& word) {
    if (!seen.insert(word).second) return;
    const auto ids = tokenize(word);
    if (std::find(ids.begin(), ids.end(), kUnknownId) != ids.end()) unknown.push_back(word);
  });
  return unknown;
}

}  // namespace sora
