#include "models/t5/tokenizer/gguf_tokenizer.h"

#include <cmath>
#include <cstring>
#include <string>

#include "checkpoint/gguf.h"
#include "models/t5/text/unicode.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr const char* kPieces = "tokenizer.ggml.tokens";
constexpr const char* kScores = "tokenizer.ggml.scores";
constexpr const char* kTypes = "tokenizer.ggml.token_type";
constexpr const char* kCharsmap = "tokenizer.ggml.precompiled_charsmap";
constexpr std::int32_t kControl = 3, kUserDefined = 4;  // as in sentencepiece

[[noreturn]] void fail(const GgufFile& file, const std::string& what) {
  throw Error(ErrorKind::data, "tokenizer",
              file.path().string() + ": " + what + "; put the model's spiece.model beside the file");
}

/// A list of `count` values of T, each of which takes 4 bytes.
template <class T>
std::vector<T> numbers(const GgufFile& file, const char* key, std::uint64_t count) {
  const auto found = file.lists().find(key);
  if (found == file.lists().end() || found->second.count != count || found->second.element != sizeof(T)) {
    fail(file, std::string(key) + " is not a list of " + std::to_string(count) + " numbers of 32 bits");
  }
  std::vector<T> values(count);
  const std::string bytes = file.read(found->second);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

}  // namespace

SpieceModel read_gguf_tokenizer(const std::filesystem::path& path) {
  const GgufFile file(path);
  const auto kind = file.metadata().find("tokenizer.ggml.model");
  if (kind == file.metadata().end() || kind->second != "t5") {
    fail(file, "its tokenizer is " +
                   (kind == file.metadata().end() ? "missing" : "\"" + kind->second + "\"") +
                   ", expected \"t5\"");
  }
  const auto list = file.lists().find(kPieces);
  if (list == file.lists().end() || !list->second.texts)
    fail(file, std::string(kPieces) + " is not a list of texts");
  const std::uint64_t count = list->second.count;
  const auto scores = numbers<float>(file, kScores, count);
  const auto types = file.lists().count(kTypes) ? numbers<std::int32_t>(file, kTypes, count)
                                                : std::vector<std::int32_t>(count);
  const std::string bytes = file.read(list->second);
  SpieceModel model;
  std::size_t position = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t length = 0;  // within the list: checked when the file was opened
    std::memcpy(&length, bytes.data() + position, sizeof length);
    Piece piece{bytes.substr(position + sizeof length, length), scores[i]};
    position += sizeof length + length;
    if (piece.text.empty() || !from_utf8(piece.text) || !std::isfinite(piece.score)) {
      fail(file, "piece " + std::to_string(i) + " is empty, is not UTF-8, or its score is not finite");
    }
    if (types[i] == kControl || types[i] == kUserDefined) model.special.push_back(piece.text);
    model.pieces.push_back(std::move(piece));
  }
  const auto charsmap = file.lists().find(kCharsmap);
  if (charsmap != file.lists().end()) {
    if (charsmap->second.element != 1) fail(file, std::string(kCharsmap) + " is not a list of bytes");
    model.charsmap = file.read(charsmap->second);
  }
  return model;
}

}  // namespace sora
