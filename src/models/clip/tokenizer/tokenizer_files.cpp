// The files of a CLIP tokenizer: tokenizer.json, or vocab.json and merges.txt.
#include <nlohmann/json.hpp>
#include <string>

#include "core/file.h"
#include "core/json/json_text.h"
#include "core/text.h"
#include "models/clip/tokenizer/tokenizer.h"
#include "models/clip/tokenizer_place.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora::clip {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLargestMerges = 64 << 20;  // bytes; CLIP's has 0.5 MB

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error(ErrorKind::data, "tokenizer", path.string() + ": " + what);
}

json read_object(const fs::path& path) {
  json value = read_json(path, "tokenizer", {64'000'000, 8'000'000, true});
  if (!value.is_object()) fail(path, "is not a JSON object");
  return value;
}

void read_vocabulary(const json& vocabulary, const fs::path& path, BytePairFiles& pairs) {
  if (!vocabulary.is_object()) fail(path, "its vocabulary is not an object of pieces and ids");
  for (const auto& [piece, id] : vocabulary.items()) {
    if (!id.is_number_integer())
      fail(path, "the id of " + excerpt(piece) + " is " + excerpt(id.dump()) + ", expected an integer");
    pairs.vocabulary.emplace(piece, id.get<std::int64_t>());
  }
}

void add_merge(const std::string& text, const fs::path& path, BytePairFiles& pairs) {
  const std::size_t space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos)
    fail(path, "merge " + std::to_string(pairs.merges.size() + 1) + " is " + excerpt(text) +
                   ", expected two pieces with a space between them");
  pairs.merges.emplace_back(text.substr(0, space), text.substr(space + 1));
}

void read_merges(const json& merges, const fs::path& path, BytePairFiles& pairs) {
  if (!merges.is_array()) fail(path, "its merges are not a list");
  for (const json& merge : merges) {
    if (merge.is_string()) {
      add_merge(merge.get<std::string>(), path, pairs);
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      pairs.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
    } else {
      fail(path, "merge " + std::to_string(pairs.merges.size() + 1) + " is " + excerpt(merge.dump()) +
                     ", expected two pieces");
    }
  }
}

void read_merges_text(const fs::path& path, BytePairFiles& pairs) {
  const std::string text = read_text(path, "tokenizer", kLargestMerges);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty() && !line.starts_with("#version")) add_merge(line, path, pairs);
  }
}

bool says_normalized(const json& token, const char* key) {
  return token.is_object() && token.value(key, json()) == json(true);
}

// tokenizer_config.json, or in its absence the list of added tokens in tokenizer.json.
bool start_is_normalized(const fs::path& folder, const json& whole) {
  const fs::path path = folder / "tokenizer_config.json";
  const json config = fs::exists(path) ? read_object(path) : json::object();
  const json start = config.value("bos_token", json());
  if (start.is_object()) return says_normalized(start, "normalized");
  json added = config.value("added_tokens_decoder", json());
  if (!added.is_object()) added = whole.is_object() ? whole.value("added_tokens", json()) : json();
  if (!added.is_structured()) return false;
  for (const json& token : added) {
    if (token.is_object() && token.value("content", json()) == json("<|startoftext|>"))
      return says_normalized(token, "normalized");
  }
  return false;
}

}  // namespace

TokenizerFiles read_clip_tokenizer(const fs::path& folder) {
  TokenizerFiles files;
  const fs::path whole = folder / "tokenizer.json";
  json tokenizer;
  if (fs::exists(whole)) {
    files.pairs.source = whole.string();
    tokenizer = read_object(whole);
    const json model = tokenizer.value("model", json());
    if (!model.is_object()) fail(whole, "has no model; is this a CLIP tokenizer?");
    read_vocabulary(model.value("vocab", json()), whole, files.pairs);
    read_merges(model.value("merges", json()), whole, files.pairs);
  } else if (holds_clip_tokenizer(folder)) {
    files.pairs.source = (folder / "vocab.json").string();
    read_vocabulary(read_object(folder / "vocab.json"), folder / "vocab.json", files.pairs);
    read_merges_text(folder / "merges.txt", files.pairs);
  } else {
    throw Error(ErrorKind::no_input, "tokenizer",
                folder.string() +
                    ": no tokenizer.json there, and not both of vocab.json and merges.txt; is "
                    "this a folder of CLIP?");
  }
  files.start_in_any_case = start_is_normalized(folder, tokenizer);
  return files;
}

}  // namespace sora::clip
