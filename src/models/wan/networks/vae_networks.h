// Encoder and decoder of the Wan VAE in both forms, a chunk of frames at a time.
// Activations are [T, H, W, C] contiguous.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "models/wan/networks/vae_blocks.h"
#include "models/wan/networks/vae_resample.h"
#include "models/wan/vae_config.h"

namespace sora::wan {

class VaeEncoder {
 public:
  VaeEncoder(const Weights& w, const VaeConfig& config);  ///< from the checkpoint's root scope

  /// x [T, H, W, in_channels], packed pixels -> [T', h, w, z_dim], the posterior's mode. T is 1 in a
  /// stream's first chunk, then 4.
  at::Tensor operator()(const at::Tensor& x, nn::StreamState& state) const;

 private:
  struct Stage {
    std::int64_t out = 0;
    std::int64_t time_factor = 1;
    std::int64_t space_factor = 1;
    std::vector<ResidualBlock> resnets;
    std::optional<Downsampler> downsampler;
  };

  at::Tensor run_stages(std::size_t begin, std::size_t end, at::Tensor x, nn::StreamState& state) const;

  bool is_residual_;
  nn::CausalConv3d conv_in_;
  std::vector<Stage> stages_;
  std::size_t first_temporal_ = 0;  // stage
  std::optional<MidBlock> mid_block_;
  ChannelNorm norm_out_;
  nn::CausalConv3d conv_out_;
  nn::Linear quant_conv_;  // of the mean alone; the log-variance is not computed
};

class VaeDecoder {
 public:
  VaeDecoder(const Weights& w, const VaeConfig& config);  ///< from the checkpoint's root scope

  /// z [1, h, w, z_dim], as the encoder makes it -> [T, H, W, out_channels], packed pixels; T is 1 for a
  /// stream's first frame, then scale_factor_temporal.
  at::Tensor operator()(const at::Tensor& z, nn::StreamState& state) const;

 private:
  struct Stage {
    std::vector<ResidualBlock> resnets;
    std::optional<Upsampler> upsampler;
  };

  at::Tensor run_from(std::size_t stage, at::Tensor x, nn::StreamState& state) const;

  bool is_residual_;
  nn::Linear post_quant_conv_;
  nn::CausalConv3d conv_in_;
  MidBlock mid_block_;
  std::vector<Stage> stages_;
  std::size_t last_temporal_ = 0;  // stage
  ChannelNorm norm_out_;
  nn::CausalConv3d conv_out_;
};

}  // namespace sora::wan
