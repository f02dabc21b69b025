#include "models/wan/vae_networks.h"

#include <algorithm>

namespace sora::wan {
namespace {

nn::Linear first_outputs(nn::Linear linear, std::int64_t count) {
  linear.weight = linear.weight.narrow(0, 0, count);
  linear.bias = linear.bias.narrow(0, 0, count);
  return linear;
}

}  // namespace

VaeEncoder::VaeEncoder(const Weights& root, const VaeConfig& config)
    : is_residual_(config.is_residual),
      quant_conv_(first_outputs(pointwise(root / "quant_conv", 2 * config.z_dim, 2 * config.z_dim, 3),
                                config.z_dim)) {
  const Weights w = root / "encoder";
  std::int64_t dim = config.base_dim;
  conv_in_ = nn::CausalConv3d(w / "conv_in", config.in_channels, dim);
  std::int64_t flat = 0;  // Wan 2.1 numbers resnets and downsamplers through
  for (std::size_t i = 0; i < config.stages(); ++i) {
    Stage stage;
    stage.out = config.base_dim * config.dim_mult[i];
    const Weights block = w / "down_blocks" / static_cast<std::int64_t>(i);
    for (std::int64_t j = 0; j < config.num_res_blocks; ++j) {
      stage.resnets.emplace_back(is_residual_ ? block / "resnets" / j : w / "down_blocks" / flat++, dim,
                                 stage.out);
      dim = stage.out;
    }
    if (i + 1 < config.stages()) {
      const bool temporal = config.temperal_downsample[i];
      stage.downsampler.emplace(is_residual_ ? block / "downsampler" : w / "down_blocks" / flat++, dim,
                                temporal);
      stage.time_factor = temporal ? 2 : 1;
      stage.space_factor = 2;
    }
    stages_.push_back(std::move(stage));
  }
  mid_block_.emplace(w / "mid_block", dim);
  norm_out_ = ChannelNorm(w / "norm_out", dim);
  conv_out_ = nn::CausalConv3d(w / "conv_out", dim, 2 * config.z_dim);
}

at::Tensor VaeEncoder::operator()(const at::Tensor& input, nn::StreamState& state) const {
  state.rewind();
  at::Tensor x = conv_in_(input, state.next());  // [T, H, W, base_dim]
  for (const Stage& stage : stages_) {
    at::Tensor shortcut;
    if (is_residual_) shortcut = average_down(x, stage.out, stage.time_factor, stage.space_factor);
    for (const ResidualBlock& resnet : stage.resnets) x = resnet(x, state);
    if (stage.downsampler) x = (*stage.downsampler)(x, state);  // [T', H / 2, W / 2, out]
    if (shortcut.defined()) x = x + shortcut;
  }
  x = (*mid_block_)(x, state);                     // [T', h, w, dim]
  x = conv_out_(norm_out_.silu(x), state.next());  // [T', h, w, 2 * z_dim]
  return quant_conv_(x);                           // [T', h, w, z_dim]
}

VaeDecoder::VaeDecoder(const Weights& root, const VaeConfig& config)
    : is_residual_(config.is_residual),
      post_quant_conv_(pointwise(root / "post_quant_conv", config.z_dim, config.z_dim, 3)),
      conv_in_(root / "decoder" / "conv_in", config.z_dim, config.decoder_base_dim * config.dim_mult.back()),
      mid_block_(root / "decoder" / "mid_block", config.decoder_base_dim * config.dim_mult.back()) {
  const Weights w = root / "decoder";
  const std::size_t last = config.stages() - 1;
  std::int64_t dim = config.decoder_base_dim * config.dim_mult.back();
  for (std::size_t i = 0; i <= last; ++i) {
    Stage stage;
    const std::int64_t out = config.decoder_base_dim * config.dim_mult[last - i];
    const Weights block = w / "up_blocks" / static_cast<std::int64_t>(i);
    for (std::int64_t j = 0; j <= config.num_res_blocks; ++j) {
      stage.resnets.emplace_back(block / "resnets" / j, dim, out);
      dim = out;
    }
    if (i < last) {
      const bool temporal = config.temperal_downsample[last - 1 - i];
      dim = is_residual_ ? out : out / 2;
      stage.upsampler.emplace(is_residual_ ? block / "upsampler" : block / "upsamplers" / 0, out, dim,
                              temporal);
    }
    stages_.push_back(std::move(stage));
  }
  norm_out_ = ChannelNorm(w / "norm_out", dim);
  conv_out_ = nn::CausalConv3d(w / "conv_out", dim, config.out_channels);
}

at::Tensor VaeDecoder::operator()(const at::Tensor& z, nn::StreamState& state) const {
  state.rewind();
  at::Tensor x = conv_in_(post_quant_conv_(z), state.next());  // [1, h, w, dim]
  x = mid_block_(x, state);
  for (const Stage& stage : stages_) {
    const at::Tensor shortcut = is_residual_ ? x : at::Tensor();
    for (const ResidualBlock& resnet : stage.resnets) x = resnet(x, state);
    if (stage.upsampler) x = (*stage.upsampler)(x, state, shortcut);  // [T', 2H, 2W, dim]
  }
  return conv_out_(norm_out_.silu(x), state.next());  // [T, H, W, out_channels]
}

}  // namespace sora::wan
