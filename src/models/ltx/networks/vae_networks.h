// Encoder and decoder of the LTX-Video autoencoder as chains of layers.
#pragma once

#include <vector>

#include "models/ltx/networks/vae_layers.h"
#include "models/ltx/vae_config.h"
#include "weights/weights.h"

namespace sora::ltx {

class VaeEncoder {
 public:
  VaeEncoder(const Weights& w, const VaeConfig& config);  ///< scope encoder

  /// From packed pixels [T, H / p, W / p, 3 * p * p] to [T', h, w, C + 1], the posterior's mean and the
  /// logarithm of its variance.
  const LayerChain& chain() const { return chain_; }

 private:
  LayerChain chain_;
};

class VaeDecoder {
 public:
  VaeDecoder(const Weights& w, const VaeConfig& config);  ///< scope decoder

  /// For decoders that take a timestep, in [0, 1]: to be called once, before the first stream.
  void set_timestep(double timestep);

  /// From latents [T, h, w, C] to packed pixels [T', H / p, W / p, 3 * p * p].
  const LayerChain& chain() const { return chain_; }

 private:
  struct TimeEmbedder {
    nn::Linear linear_1, linear_2;
    std::vector<ResidualBlock*> blocks;  ///< that it modulates
  };
  TimeEmbedder embedder(const Weights& w, std::int64_t dim) const;
  void add_blocks(const Weights& w, std::int64_t dim, std::int64_t count, ResidualOptions options,
                  TimeEmbedder* embedder);

  LayerChain chain_;
  std::vector<TimeEmbedder> embedders_;
  at::Tensor timestep_scale_multiplier_;  // []; with timestep conditioning, as all that follows
  nn::Linear out_1_, out_2_;              // the time embedder of conv_out's norm
  at::Tensor scale_shift_table_;          // [2, dim]
  PlainLayer* out_ = nullptr;
};

}  // namespace sora::ltx
