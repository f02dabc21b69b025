// Encoder and decoder of HunyuanVideo's autoencoder, for a whole clip (Note [Whole clips] in clip_layers.h).
#pragma once

#include <vector>

#include "models/hunyuan/networks/clip_layers.h"
#include "models/hunyuan/vae_config.h"

namespace sora::hunyuan {

struct MidBlock {
  ResidualBlock first;
  CausalAttention attention;
  ResidualBlock second;

  MidBlock(const Weights& w, std::int64_t dim, std::int64_t groups);
  at::Tensor operator()(FrameSource& source) const;
};

/// The end of both: group norm, SiLU, convolution.
struct OutLayer {
  GroupNorm conv_norm_out;
  TimeConv conv_out;

  OutLayer(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t groups);
  at::Tensor operator()(const at::Tensor& x) const;
};

class Encoder {
 public:
  Encoder(const Weights& w, const VaeConfig& config);
  /// video [T, H, W, 3] in [-1, 1] -> the mean of the posterior, [t, h, w, latent_channels].
  at::Tensor operator()(const at::Tensor& video) const;

 private:
  struct Stage {
    std::vector<ResidualBlock> resnets;
    std::optional<Halving> halving;
  };
  TimeConv conv_in_;
  std::vector<Stage> stages_;
  MidBlock mid_;
  OutLayer out_;
  nn::Linear quant_conv_;
  std::int64_t latent_channels_;
};

class Decoder {
 public:
  Decoder(const Weights& w, const VaeConfig& config);
  /// latents [t, h, w, latent_channels] -> [T, H, W, 3].
  at::Tensor operator()(const at::Tensor& latents) const;

 private:
  struct Stage {
    std::vector<ResidualBlock> resnets;
    std::optional<TimeConv> doubling;
    std::int64_t time = 1, space = 1;
  };
  nn::Linear post_quant_conv_;
  TimeConv conv_in_;
  MidBlock mid_;
  std::vector<Stage> stages_;
  OutLayer out_;
};

}  // namespace sora::hunyuan
