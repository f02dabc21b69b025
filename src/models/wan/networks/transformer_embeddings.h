// Embeds what conditions the transformer's blocks: timesteps, prompt and images.
#pragma once

#include <cstdint>
#include <optional>

#include "models/wan/transformer_config.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "weights/weights.h"

namespace sora::wan {

/// Modulation of a forward pass. Tokens fall into G groups of consecutive tokens that share a timestep:
/// G is 1, the number of token frames, or the number of tokens.
struct TimeEmbedding {
  at::Tensor temb;           ///< [B, G, dim]
  at::Tensor timestep_proj;  ///< [B, G, 6, dim], fp32
};

struct TimeEmbedder {
  nn::Linear linear_1, linear_2;  // in fp32
  std::optional<TargetTime> target;
  nn::Linear delta_1, delta_2;  // with `target`: of the timestep that the step leads to, in fp32
  nn::Linear time_proj;
  std::int64_t freq_dim = 0;
  bool in_double = false;

  // SkyReels-V2 diffusion forcing: a term of the modulation for the frame rate.
  at::Tensor fps_embedding;  // [2, dim]: for 16 frames a second, for more; undefined in other models
  nn::Linear fps_in, fps_out;

  /// `w` is the scope of the network.
  TimeEmbedder(const Weights& w, const TransformerConfig& config);

  /// timestep [B], or [B, tokens] with one for each token; `frames` token frames. Each distinct value is
  /// embedded once. `target_timestep`: which one the step leads to, for networks that are told.
  TimeEmbedding operator()(const at::Tensor& timestep, std::int64_t frames,
                           std::optional<double> target_timestep = {}) const;

 private:
  at::Tensor embedded(const at::Tensor& timestep, const nn::Linear& first, const nn::Linear& second) const;
};

/// [.., freq_dim] = cos(t f), sin(t f) with f_i = 10000^(-i / (freq_dim / 2)), in fp32; SkyReels-V2 computes
/// them in double precision and rounds at the end.
at::Tensor sinusoidal_embedding(const at::Tensor& timestep, std::int64_t freq_dim, bool in_double = false);

/// Prompt embeddings [B, N, text_dim] -> [B, N, dim].
struct TextEmbedder {
  nn::Linear linear_1, linear_2;

  TextEmbedder(const Weights& w, const TransformerConfig& config)
      : linear_1(w / "linear_1", config.text_dim, config.dim()),
        linear_2(w / "linear_2", config.dim(), config.dim()) {}

  at::Tensor operator()(const at::Tensor& prompt_embeds) const;
};

/// Image tokens [B, n, image_dim] -> [B, n, dim]; for a model of first and last frame
/// [2 B, n, image_dim] -> [B, 2 n, dim].
struct ImageEmbedder {
  at::Tensor pos_embed;  // undefined without pos_embed_seq_len
  nn::LayerNorm norm1, norm2;
  nn::Linear ff_in, ff_out;

  ImageEmbedder() = default;
  ImageEmbedder(const Weights& w, const TransformerConfig& config);

  at::Tensor operator()(const at::Tensor& image_embeds) const;
};

}  // namespace sora::wan
