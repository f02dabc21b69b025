// config.json of a T5 or UMT5 text encoder.
#pragma once

#include <cstdint>
#include <filesystem>

namespace sora {

/// Members have the names and the defaults of transformers' T5Config and UMT5Config.
struct T5Config {
  enum class Activation { relu, gelu, gelu_tanh, silu };

  std::int64_t vocab_size = 0;
  std::int64_t d_model = 0;
  std::int64_t d_kv = 0;  ///< width of a head; num_heads * d_kv may differ from d_model
  std::int64_t d_ff = 0;
  std::int64_t num_layers = 0;
  std::int64_t num_heads = 0;
  std::int64_t relative_attention_num_buckets = 32;
  std::int64_t relative_attention_max_distance = 128;
  double layer_norm_epsilon = 1e-6;
  Activation activation = Activation::relu;  ///< feed_forward_proj
  bool gated = false;                        ///< feed_forward_proj begins with "gated-"
  bool shared_bias = false;                  ///< T5: all layers use the position bias of the first
};

/// Reads `<text_encoder folder>/config.json`. Throws Error: no_input, data.
T5Config read_t5_config(const std::filesystem::path& folder);

}  // namespace sora
