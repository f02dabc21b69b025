#include "models/t5/tokenizer/tokenizer_files.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/file.h"
#include "core/json/json_text.h"
#include "core/text.h"
#include "models/t5/files.h"
#include "models/t5/tokenizer/gguf_tokenizer.h"
#include "models/t5/tokenizer/spiece_model.h"
#include "sora/error.h"

namespace sora {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::int64_t kDefaultSentinels = 100;  // transformers' T5Tokenizer: extra_ids
constexpr std::int64_t kMostSentinels = 10'000;

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error(ErrorKind::data, "tokenizer", path.string() + ": " + what);
}

json read_object(const fs::path& path) {
  // The vocabulary of UMT5 takes 17 MB and 800,000 values.
  json value = read_json(path, "tokenizer", {64'000'000, 8'000'000, true});
  if (!value.is_object()) fail(path, "is not a JSON object");
  return value;
}

// --- tokenizer_config.json ----------------------------------------------------------------------

/// A token is written as a string or as {"content": "..."}.
std::optional<std::string> token_text(const json& token) {
  if (token.is_string()) return token.get<std::string>();
  if (token.is_object() && token.contains("content") && token["content"].is_string()) {
    return token["content"].get<std::string>();
  }
  return {};
}

/// Only T5's own class adds sentinels.
bool is_t5_class(const json& config) {
  const auto name = token_text(config.value("tokenizer_class", json("T5Tokenizer")));
  return name && name->starts_with("T5");
}

std::int64_t sentinel_count(const json& config, const fs::path& path) {
  const json count = config.value("extra_ids", json(is_t5_class(config) ? kDefaultSentinels : 0));
  if (!count.is_number_integer() || count.get<std::int64_t>() < 0 ||
      count.get<std::int64_t>() > kMostSentinels) {
    fail(path, "extra_ids is " + excerpt(count.dump()) + ", expected an integer from 0 to " +
                   std::to_string(kMostSentinels));
  }
  return count.get<std::int64_t>();
}

void add_configured_tokens(const json& config, std::vector<std::string>& special) {
  for (const char* key :
       {"pad_token", "eos_token", "unk_token", "bos_token", "sep_token", "cls_token", "mask_token"}) {
    if (const auto text = token_text(config.value(key, json()))) special.push_back(*text);
  }
  for (const char* key : {"additional_special_tokens", "extra_special_tokens", "added_tokens_decoder"}) {
    for (const json& token : config.value(key, json::array())) {
      if (const auto text = token_text(token)) special.push_back(*text);
    }
  }
}

// --- tokenizer.json -----------------------------------------------------------------------------

std::string base64_decode(const std::string& text, const fs::path& path) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) fail(path, "precompiled_charsmap is not base64");
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count));
    }
  }
  return out;
}

/// The table of the first normalizer of type Precompiled, alone or in a sequence. T5's class ignores
/// all others; for other classes they are not supported here, and are an error.
std::string json_charsmap(const json& tokenizer, bool t5_class, const fs::path& path) {
  const json normalizer = tokenizer.value("normalizer", json());
  json list = json::array({normalizer});
  if (normalizer.is_object() && normalizer.contains("normalizers")) list = normalizer["normalizers"];
  for (const json& entry : list) {
    if (!entry.is_object()) continue;
    const json type = entry.value("type", json());
    if (type != "Precompiled") {
      if (t5_class) continue;
      fail(path, "its normalizer is " + excerpt(type.dump()) +
                     ", expected Precompiled; put the model's spiece.model beside it");
    }
    const json table = entry.value("precompiled_charsmap", json());
    if (table.is_string()) return base64_decode(table.get<std::string>(), path);
  }
  return "";
}

void read_tokenizer_json(const fs::path& path, bool t5_class, TokenizerFiles& files) {
  const json tokenizer = read_object(path);
  const json model = tokenizer.value("model", json::object());
  if (!model.is_object() || !model.contains("vocab") || !model["vocab"].is_array()) {
    fail(path, "model.vocab is not a list of [piece, score]; is this a T5 tokenizer (Unigram)?");
  }
  for (const json& entry : model["vocab"]) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number()) {
      fail(path, "model.vocab entry " + std::to_string(files.pieces.size()) + " is " + excerpt(entry.dump()) +
                     ", expected [piece, score]");
    }
    files.pieces.push_back({entry[0].get<std::string>(), entry[1].get<double>()});
  }
  files.charsmap = json_charsmap(tokenizer, t5_class, path);
}

bool is_gguf(const fs::path& path) {
  const File file(path, "tokenizer");
  char magic[4] = {};
  if (file.size() >= sizeof magic) file.read_at(magic, sizeof magic, 0);
  return std::string_view(magic, sizeof magic) == "GGUF";
}

/// The contents of a spiece.model, or of the one within a text encoder's weights.
std::string read_spiece_text(const fs::path& path) {
  constexpr std::uint64_t kLargest = 64 << 20;
  // A safetensors file begins with the length of its header, which is below 2^32.
  const File file(path, "tokenizer");
  std::string start(9, '\1');
  if (file.size() >= start.size()) file.read_at(start.data(), start.size(), 0);
  const bool weights_file = start.compare(4, 5, std::string("\0\0\0\0{", 5)) == 0;
  if (!weights_file) return read_text(path, "tokenizer", kLargest);
  Checkpoint weights(path);
  const auto text = take_tokenizer(weights);
  if (!text) fail(path, "has no tokenizer (a tensor spiece_model); put the model's spiece.model beside it");
  return *text;
}

}  // namespace

TokenizerFiles read_tokenizer_files(const fs::path& place) {
  TokenizerFiles files;
  const fs::path folder = fs::is_regular_file(place) ? place.parent_path() : place;
  const fs::path model = fs::is_regular_file(place) ? place : folder / "spiece.model";
  const fs::path whole = folder / "tokenizer.json";
  const fs::path config_path = folder / "tokenizer_config.json";
  const json config = fs::exists(config_path) ? read_object(config_path) : json::object();
  if (fs::exists(model)) {
    files.source = model.string();
    SpieceModel spiece = is_gguf(model) ? read_gguf_tokenizer(model)
                                        : parse_spiece_model(read_spiece_text(model), files.source);
    files.pieces = std::move(spiece.pieces);
    files.special = std::move(spiece.special);
    files.charsmap = std::move(spiece.charsmap);
  } else if (fs::exists(whole)) {
    files.source = whole.string();
    read_tokenizer_json(whole, is_t5_class(config), files);
  } else {
    throw Error(
        ErrorKind::no_input, "tokenizer",
        folder.string() + ": no spiece.model and no tokenizer.json there; is this a whole model folder?");
  }

  files.special.insert(files.special.end(), {"<pad>", "</s>", "<unk>"});
  add_configured_tokens(config, files.special);

  // Sentinels that the vocabulary already has (few do) are not added again.
  std::set<std::string> in_vocabulary;
  for (const Piece& piece : files.pieces) {
    if (piece.text.starts_with("<extra_id_")) in_vocabulary.insert(piece.text);
  }
  for (std::int64_t i = sentinel_count(config, config_path) - 1; i >= 0; --i) {
    const std::string sentinel = "<extra_id_" + std::to_string(i) + ">";
    if (!in_vocabulary.count(sentinel)) files.pieces.push_back({sentinel, 0});
    files.special.push_back(sentinel);
  }
  return files;
}

}  // namespace sora
