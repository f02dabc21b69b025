#include "models/clip/networks/text_encoder.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <utility>

#include "models/clip/files.h"
#include "models/clip/names.h"
#include "sora/error.h"

namespace sora::clip {
namespace {

constexpr std::int64_t kOldEnd = 2;  // written in configs before transformers 4.31

TextNetwork load(const std::filesystem::path& folder, at::Device device) {
  TextEncoderFiles files = open_clip_text_encoder(folder);
  Placement placement{device, at::kFloat};
  placement.storage = WeightStorage::stored;
  return load_network(
      std::move(files.checkpoint), placement, [&](const Weights& w) { return TextNetwork(w, files.config); },
      is_unused);
}

// Where the token is whose state stands for the prompt.
std::int64_t pooled_place(const std::vector<std::int64_t>& ids, std::int64_t end) {
  if (end == kOldEnd) return std::max_element(ids.begin(), ids.end()) - ids.begin();
  const auto found = std::find(ids.begin(), ids.end(), end);
  return found == ids.end() ? 0 : found - ids.begin();
}

}  // namespace

TextNetwork::TextNetwork(const Weights& w, const TextConfig& config)
    : config_(config),
      token_embedding_(
          (w / "embeddings" / "token_embedding")
              .table("weight", std::vector<std::int64_t>{config.vocab_size, config.hidden_size})),
      position_embedding_((w / "embeddings" / "position_embedding")
                              .get("weight", {config.max_position_embeddings, config.hidden_size})),
      final_layer_norm_(w / "final_layer_norm", config.hidden_size, config.layer_norm_eps) {
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i)
    layers_.emplace_back(w / "encoder" / "layers" / i, config);
}

at::Tensor TextNetwork::operator()(const at::Tensor& ids) const {
  at::Tensor x =
      token_embedding_(ids).to(at::kFloat) + position_embedding_.narrow(0, 0, ids.size(1));  // [1, N, C]
  for (const EncoderLayer& layer : layers_) x = layer(x, /*is_causal=*/true);
  return final_layer_norm_(x);
}

TextEncoder::TextEncoder(const std::filesystem::path& folder, const std::filesystem::path& tokenizer,
                         at::Device device)
    : tokenizer_(tokenizer), device_(device), network_(load(folder, device)) {}

at::Tensor TextEncoder::pooled(const std::string& prompt) const {
  const c10::InferenceMode inference;
  const TextConfig& config = network_.config();
  const auto ids = tokenizer_.encode(prompt, static_cast<std::size_t>(config.max_position_embeddings));
  const std::int64_t largest = *std::max_element(ids.begin(), ids.end());
  if (largest >= config.vocab_size) {
    throw Error(ErrorKind::data, "text_encoder_2",
                "the tokenizer gives id " + std::to_string(largest) + ", but the text encoder has " +
                    std::to_string(config.vocab_size) + " embeddings; they belong to different models");
  }
  // Tokens attend to those before them only, so padding after the end would change nothing.
  const at::Tensor states = network_(at::tensor(ids, at::kLong).unsqueeze(0).to(device_));  // [1, N, C]
  return states[0][pooled_place(ids, config.eos_token_id)];
}

}  // namespace sora::clip
