#include "models/wan/networks/vae_networks.h"

#include <algorithm>
#include <utility>

#include "models/wan/vae_memory.h"

namespace sora::wan {
namespace {

nn::Linear first_outputs(nn::Linear linear, std::int64_t count) {
  linear.weight = linear.weight.narrow(0, 0, count);
  linear.bias = linear.bias.narrow(0, 0, count);
  return linear;
}

template <class F>
at::Tensor frame_by_frame(at::Tensor x, nn::StreamState& state, const F& layers) {
  // Each in its own memory, which is freed when the frame is done.
  std::vector<at::Tensor> frames;
  for (const at::Tensor& frame : x.split(1)) frames.push_back(frame.clone());
  x.reset();
  const std::size_t place = state.place();
  for (at::Tensor& frame : frames) {
    state.rewind_to(place);
    frame = layers(std::move(frame));
  }
  return at::cat(frames);
}

}  // namespace

VaeEncoder::VaeEncoder(const Weights& root, const VaeConfig& config)
    : is_residual_(config.is_residual),
      quant_conv_(first_outputs(pointwise(root / "quant_conv", 2 * config.z_dim, 2 * config.z_dim, 3),
                                config.z_dim)) {
  const Weights w = root / "encoder";
  std::int64_t dim = config.base_dim;
  conv_in_ = nn::CausalConv3d(w / "conv_in", config.in_channels, dim);
  std::int64_t flat = 0;  // Wan 2.1 numbers resnets and downsamplers in one list
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
      if (!temporal && first_temporal_ == i) first_temporal_ = i + 1;
      stage.space_factor = 2;
    }
    stages_.push_back(std::move(stage));
  }
  mid_block_.emplace(w / "mid_block", dim);
  norm_out_ = ChannelNorm(w / "norm_out", dim);
  conv_out_ = nn::CausalConv3d(w / "conv_out", dim, 2 * config.z_dim);
}

at::Tensor VaeEncoder::run_stages(std::size_t begin, std::size_t end, at::Tensor x,
                                  nn::StreamState& state) const {
  for (std::size_t i = begin; i < end; ++i) {
    const Stage& stage = stages_[i];
    at::Tensor shortcut;
    if (is_residual_) shortcut = average_down(x, stage.out, stage.time_factor, stage.space_factor);
    for (const ResidualBlock& resnet : stage.resnets) x = resnet(std::move(x), state);
    if (stage.downsampler) x = (*stage.downsampler)(x, state);  // [T', H / 2, W / 2, out]
    if (shortcut.defined()) x = x + shortcut;
  }
  return x;
}

at::Tensor VaeEncoder::operator()(const at::Tensor& input, nn::StreamState& state) const {
  state.rewind();
  const auto begin = [&](const at::Tensor& frames) {
    return run_stages(0, first_temporal_, conv_in_(frames, state), state);  // [T, H', W', C]
  };
  const std::int64_t elements = input.numel() / input.size(3) * stages_[0].out;
  at::Tensor x = elements > max_chunk_elements ? frame_by_frame(input, state, begin) : begin(input);
  x = run_stages(first_temporal_, stages_.size(), std::move(x), state);  // [T', h, w, dim]
  x = (*mid_block_)(std::move(x), state);                                // [T', h, w, dim]
  x = conv_out_(norm_out_.silu(x), state);                               // [T', h, w, 2 * z_dim]
  return quant_conv_(x);                                                 // [T', h, w, z_dim]
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
      if (temporal) last_temporal_ = i;
      dim = is_residual_ ? out : out / 2;
      stage.upsampler.emplace(is_residual_ ? block / "upsampler" : block / "upsamplers" / 0, out, dim,
                              temporal);
    }
    stages_.push_back(std::move(stage));
  }
  norm_out_ = ChannelNorm(w / "norm_out", dim);
  conv_out_ = nn::CausalConv3d(w / "conv_out", dim, config.out_channels);
}

at::Tensor VaeDecoder::run_from(std::size_t begin, at::Tensor x, nn::StreamState& state) const {
  for (std::size_t i = begin; i < stages_.size(); ++i) {
    const Stage& stage = stages_[i];
    const at::Tensor shortcut = is_residual_ && stage.upsampler ? x : at::Tensor();
    for (const ResidualBlock& resnet : stage.resnets) x = resnet(std::move(x), state);
    if (!stage.upsampler) continue;
    const Upsampler& upsampler = *stage.upsampler;
    const std::int64_t frames = x.size(0);
    x = upsampler.double_time(x, state);
    const std::int64_t time = x.size(0) / frames;
    const auto widen = [&](const at::Tensor& part, std::int64_t first) {
      at::Tensor y = upsampler.double_space(part, state);  // [T', 2H, 2W, dim]
      for (std::int64_t t = 0; shortcut.defined() && t < y.size(0); ++t) {
        upsampler.add_shortcut(y[t], shortcut, first + t, time);
      }
      return y;
    };
    const std::int64_t elements =
        state.strip() != nullptr ? state.strip()->most_elements(x.numel()) : x.numel();
    if (i == last_temporal_ && x.size(0) > 1 && 4 * elements > max_chunk_elements) {
      std::int64_t t = 0;
      return frame_by_frame(std::move(x), state, [&](at::Tensor frame) {
        at::Tensor y = widen(frame, t++);
        frame.reset();
        return run_from(i + 1, std::move(y), state);
      });
    }
    x = widen(x, 0);
  }
  return conv_out_(norm_out_.silu(x), state);  // [T, H, W, out_channels]
}

at::Tensor VaeDecoder::operator()(const at::Tensor& z, nn::StreamState& state) const {
  state.rewind();
  at::Tensor x = conv_in_(post_quant_conv_(z), state);         // [1, h, w, dim]
  return run_from(0, mid_block_(std::move(x), state), state);  // [T, H, W, out_channels]
}

}  // namespace sora::wan
