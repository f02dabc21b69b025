#include "models/t5/networks/text_encoder.h"

#include <algorithm>
#include <future>
#include <memory>
#include <utility>

#include "core/log.h"
#include "core/text.h"
#include "models/t5/files.h"
#include "models/t5/schema.h"
#include "models/t5/networks/encoder.h"
#include "models/t5/text/prompt_clean.h"
#include "models/t5/tokenizer/tokenizer.h"
#include "sora/error.h"

namespace sora {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kListedWords = 5;
constexpr std::int64_t kPadId = 0;  // transformers' T5Tokenizer

std::vector<std::string> warnings_of(const std::vector<std::string>& unknown, std::size_t dropped,
                                     std::int64_t max_length) {
  std::vector<std::string> warnings;
  if (dropped > 0) {
    warnings.push_back("the prompt is " + std::to_string(dropped) +
                       " tokens too long; the model sees the first " + std::to_string(max_length - 1));
  }
  if (!unknown.empty()) {
    std::string words;
    for (std::size_t i = 0; i < std::min(unknown.size(), kListedWords); ++i)
      words += (i ? ", " : "") + excerpt(unknown[i]);
    if (unknown.size() > kListedWords)
      words += ", and " + std::to_string(unknown.size() - kListedWords) + " more";
    warnings.push_back("the model has no token for some of: " + words);
  }
  return warnings;
}

// The encoder runs only a few times: widening its matrices at each use costs little, and storing them widened
// would take twice the memory.
Placement as_stored(Placement placement) {
  if (placement.storage == WeightStorage::widened) placement.storage = WeightStorage::stored;
  return placement;
}

T5Encoder load_encoder(const ComponentSource& source, const Placement& placement) {
  T5Files files = open_text_encoder(source);
  return load_network(
      std::move(files.checkpoint), as_stored(placement),
      [&](const Weights& w) { return T5Encoder(w, files.config, placement.dtype); }, is_unused_in_text_encoder);
}

}  // namespace

struct TextEncoder::State {
  std::unique_ptr<T5Tokenizer> tokenizer;
  T5Encoder encoder;
  Placement placement;
  PromptForm form;
};

TextEncoder::TextEncoder(const fs::path& model_dir, const Placement& placement)
    : TextEncoder(model_dir / "text_encoder", model_dir / "tokenizer", placement) {}

TextEncoder::TextEncoder(const ComponentSource& text_encoder, const fs::path& tokenizer,
                         const Placement& placement, const PromptForm& form) {
  // A vocabulary of 256,000 pieces takes 1.5 s to load, on one thread: meanwhile the weights are read.
  auto loading = std::async(std::launch::async, [&] { return std::make_unique<T5Tokenizer>(tokenizer); });
  T5Encoder encoder = load_encoder(text_encoder, placement);
  state_.reset(new State{loading.get(), std::move(encoder), placement, form});
}

TextEncoder::~TextEncoder() = default;
TextEncoder::TextEncoder(TextEncoder&&) noexcept = default;
TextEncoder& TextEncoder::operator=(TextEncoder&&) noexcept = default;

EncodedPrompt TextEncoder::encode_rows(const std::string& prompt) const {
  const auto& [tokenizer, encoder, placement, form] = *state_;
  const T5Config& config = encoder.config();
  const std::string text = form.is_cleaned ? prompt_clean(prompt) : prompt;
  std::size_t dropped = 0;
  std::vector<std::int64_t> ids =
      tokenizer->encode(text, static_cast<std::size_t>(form.max_length), &dropped);
  std::vector<std::string> warnings = warnings_of(tokenizer->unknown_words(text), dropped, form.max_length);

  const std::int64_t largest = *std::max_element(ids.begin(), ids.end());
  if (largest >= config.vocab_size) {
    throw Error(ErrorKind::data, "text_encoder",
                "the tokenizer gives id " + std::to_string(largest) + ", but the text encoder has " +
                    std::to_string(config.vocab_size) + " embeddings; they belong to different models");
  }

  // Wan's pipeline encodes all 512 positions, masks the padding as keys, and overwrites its rows with zeros.
  // The rows of the real tokens are the same without it.
  auto length = static_cast<std::int64_t>(ids.size());
  if (form.keeps_padding) length = form.max_length;
  if (form.sees_padding) ids.resize(static_cast<std::size_t>(form.max_length), kPadId);
  const at::Tensor tokens = at::tensor(ids, at::kLong).unsqueeze(0).to(placement.device);  // [1, L]
  return {encoder(tokens)[0].narrow(0, 0, length), std::move(warnings)};                   // [L, d_model]
}

at::Tensor TextEncoder::encode(const std::string& prompt) const {
  const EncodedPrompt encoded = encode_rows(prompt);
  for (const std::string& warning : encoded.warnings) log(LogLevel::warning, warning);
  return padded_rows(encoded.rows, state_->form.max_length);
}

}  // namespace sora
