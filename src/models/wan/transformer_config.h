// transformer/config.json of the Wan models (diffusers' WanTransformer3DModel), of Wan-VACE, which has a
// control branch beside the same network (WanVACETransformer3DModel), and of SkyReels-V2, which has the same
// network (SkyReelsV2Transformer3DModel), and of AnyFlow, whose network is also told the timestep that a step
// leads to (AnyFlowTransformer3DModel).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace sora::wan {

/// AnyFlow: how the timestep that a step leads to is embedded, beside the one that it begins at.
struct TargetTime {
  double gate_value = 0.25;    ///< its share of the embedding
  bool as_difference = false;  ///< embedded is how far it lies below the other one (deltatime_type "t-r")
};

/// Members have the names of config.json's keys and the defaults of the class in diffusers 0.42.1.
struct TransformerConfig {
  std::array<std::int64_t, 3> patch_size{1, 2, 2};  ///< latent frames, rows, columns of a token
  std::int64_t num_attention_heads = 40;
  std::int64_t attention_head_dim = 128;
  std::int64_t in_channels = 16;
  std::int64_t out_channels = 16;
  std::int64_t text_dim = 4096;
  std::int64_t freq_dim = 256;
  std::int64_t ffn_dim = 13824;
  std::int64_t num_layers = 40;
  bool cross_attn_norm = true;
  double eps = 1e-6;
  std::optional<std::int64_t> image_dim;  ///< width of the image encoder's tokens (Wan 2.1 I2V)
  std::optional<std::int64_t>
      added_kv_proj_dim;                 ///< width of the keys and values of image tokens; empty: none
  std::int64_t rope_max_seq_len = 1024;  ///< largest size of the token grid along an axis
  std::optional<std::int64_t> pos_embed_seq_len;  ///< tokens of a first and a last image together

  /// VACE: the blocks after which the control branch adds to the tokens, rising; empty: there is no branch.
  std::vector<std::int64_t> vace_layers;
  std::int64_t vace_in_channels = 96;  ///< of the control input

  bool skyreels = false;            ///< SkyReels-V2's class, which embeds timesteps in double precision
  bool inject_sample_info = false;  ///< it has an embedding of the frame rate: 16 a second, or more

  std::optional<TargetTime> target_time;  ///< AnyFlow; empty: one timestep

  std::int64_t dim() const { return num_attention_heads * attention_head_dim; }
  bool has_control() const { return !vace_layers.empty(); }
  std::int64_t patch_volume() const { return patch_size[0] * patch_size[1] * patch_size[2]; }
};

/// Reads config.json. A key that is absent or null has its default; keys that diffusers ignores (qk_norm,
/// window_size) are not read. Throws Error: no_input, data (not a Wan transformer, a value of the wrong type
/// or out of range).
TransformerConfig read_transformer_config(const std::filesystem::path& path);

}  // namespace sora::wan
