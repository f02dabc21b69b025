#include "models/t5/files.h"

#include <utility>

#include "checkpoint/gguf.h"
#include "models/t5/names.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

// Alone, and in ComfyUI's all-in-one files.
constexpr const char* kSpieceTensors[] = {"spiece_model", "text_encoders.spiece_model",
                                          "text_encoders.umt5xxl.spiece_model"};
constexpr std::uint64_t kLargestTokenizer = 64 << 20;  // bytes; UMT5's has 4.5 MB

bool gguf_holds_tokenizer(const fs::path& path) {
  const auto file = open_weight_file(path);
  const auto* gguf = dynamic_cast<const GgufFile*>(file.get());
  return gguf != nullptr && gguf->lists().count("tokenizer.ggml.tokens") != 0;
}

}  // namespace

std::optional<std::string> take_tokenizer(Checkpoint& checkpoint) {
  for (const char* name : kSpieceTensors) {
    if (auto taken = checkpoint.take(name, kLargestTokenizer)) return taken;
  }
  return {};
}

T5Files open_text_encoder(const ComponentSource& source) {
  if (!source.is_file()) {
    T5Files files{read_t5_config(source.path), source.open("model"), {}};
    files.spiece_model = take_tokenizer(files.checkpoint);
    name_text_encoder(files.checkpoint);
    return files;
  }
  Checkpoint checkpoint = source.open("");
  auto spiece_model = take_tokenizer(checkpoint);
  name_text_encoder(checkpoint);
  std::optional<T5Config> reference;
  if (!source.reference.empty() && fs::exists(source.reference / "config.json")) {
    reference = read_t5_config(source.reference);
  }
  T5Config config = t5_config_of(checkpoint, reference);
  return {config, std::move(checkpoint), std::move(spiece_model)};
}

bool holds_tokenizer(const fs::path& folder) {
  return fs::exists(folder / "spiece.model") || fs::exists(folder / "tokenizer.json");
}

std::optional<fs::path> tokenizer_beside(const fs::path& text_encoder) {
  Checkpoint checkpoint(text_encoder);
  if (take_tokenizer(checkpoint) || gguf_holds_tokenizer(text_encoder)) return text_encoder;
  const fs::path folder = text_encoder.parent_path();
  for (const char* name : {"", "tokenizer", "google/umt5-xxl", "umt5-xxl"}) {
    const fs::path candidate = *name == '\0' ? folder : folder / name;
    if (holds_tokenizer(candidate)) return candidate.empty() ? fs::path(".") : candidate;
  }
  return {};
}

}  // namespace sora
