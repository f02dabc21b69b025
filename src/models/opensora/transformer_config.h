// The sizes of Open-Sora 2.0's transformer, from the names and shapes of its tensors: the published files
// have no config.
#pragma once

#include <array>
#include <cstdint>

#include "checkpoint/model_folder.h"

namespace sora::opensora {

struct TransformerConfig {
  std::int64_t latent_channels = 16;
  std::int64_t hidden_size = 3072;
  std::int64_t num_heads = 24;
  std::int64_t mlp_dim = 12288;
  std::int64_t depth = 19;
  std::int64_t depth_single_blocks = 38;
  std::int64_t context_in_dim = 4096;  ///< of T5's embeddings
  std::int64_t vec_in_dim = 768;       ///< of CLIP's vector
  bool qkv_bias = true;
  /// Queries, keys and values are one matrix, and pairs of neighbouring channels are rotated; else they are
  /// three, and channel i is rotated with i + head_dim / 2. Both as in the models that were published.
  bool fused_qkv = false;
  bool guidance_embed = false;  ///< it is told the scale of the guidance, which is distilled into it
  bool cond_embed = true;       ///< it takes known frames, in channels beside the noise

  std::int64_t head_dim() const { return hidden_size / num_heads; }
  std::int64_t packed_channels() const { return latent_channels * patch_size * patch_size; }
  /// Channels of a head that are rotated by the frame, the row and the column.
  std::array<std::int64_t, 3> axes_dim() const {
    return {head_dim() / 8, head_dim() * 7 / 16, head_dim() * 7 / 16};
  }
  static constexpr std::int64_t patch_size = 2;
  static constexpr double theta = 10000;
};

struct TransformerFiles {
  TransformerConfig config;
  Checkpoint checkpoint;
};

/// Whether a checkpoint is such a transformer, by the names and shapes of its tensors.
bool is_opensora_transformer(const Checkpoint& checkpoint);

/// Throws Error: no_input, data, refused.
TransformerFiles open_transformer(const ComponentSource& source);

}  // namespace sora::opensora
