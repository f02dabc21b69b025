// transformer/config.json of LTX-Video (diffusers' LTXVideoTransformer3DModel).
#pragma once

#include <cstdint>
#include <filesystem>

namespace sora::ltx {

/// Members have the names of config.json's keys and the defaults of the class in diffusers 0.42.1.
struct TransformerConfig {
  std::int64_t in_channels = 128;
  std::int64_t out_channels = 128;
  std::int64_t num_attention_heads = 32;
  std::int64_t attention_head_dim = 64;
  std::int64_t num_layers = 28;
  std::int64_t caption_channels = 4096;  ///< width of the prompt embeddings
  double norm_eps = 1e-6;

  std::int64_t dim() const { return num_attention_heads * attention_head_dim; }
  std::int64_t ffn_dim() const { return 4 * dim(); }
};

/// Reads config.json. Throws Error: no_input, data (not an LTX-Video transformer, a value of the wrong type
/// or out of range, a variant that no published model has).
TransformerConfig read_transformer_config(const std::filesystem::path& path);

}  // namespace sora::ltx
