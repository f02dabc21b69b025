// CLIPTextModel (2103.00020): turns a prompt into one vector, with the numbers of transformers 5.24.0.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>
#include <vector>

#include "models/clip/config.h"
#include "models/clip/networks/encoder_layer.h"
#include "models/clip/tokenizer/tokenizer.h"
#include "weights/weights.h"

namespace sora::clip {

class TextNetwork {
 public:
  TextNetwork(const Weights& w, const TextConfig& config);

  /// ids [1, N] (int64, on the weights' device) -> the states of all tokens, [1, N, hidden_size].
  at::Tensor operator()(const at::Tensor& ids) const;
  const TextConfig& config() const { return config_; }

 private:
  TextConfig config_;
  RowTable token_embedding_;       // [vocab_size, C]
  at::Tensor position_embedding_;  // [max_position_embeddings, C]
  std::vector<EncoderLayer> layers_;
  nn::LayerNorm final_layer_norm_;
};

/// Tokenizer and network. In fp32 on every device, since it runs once for each prompt.
class TextEncoder {
 public:
  /// `tokenizer`: a folder (tokenizer.h). Throws Error: no_input, data, refused.
  TextEncoder(const std::filesystem::path& folder, const std::filesystem::path& tokenizer, at::Device device);

  /// The vector of a prompt, [hidden_size] on the device. Longer prompts than the network has positions for
  /// are cut off, as this half of a prompt's embeddings is made: without a word. Throws Error (data) if the
  /// prompt is not UTF-8.
  at::Tensor pooled(const std::string& prompt) const;

 private:
  ClipTokenizer tokenizer_;
  at::Device device_;
  TextNetwork network_;
};

}  // namespace sora::clip
