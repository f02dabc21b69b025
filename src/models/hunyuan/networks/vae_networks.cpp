#include "models/hunyuan/networks/vae_networks.h"

#include <memory>
#include <utility>

namespace sora::hunyuan {
namespace {

std::vector<ResidualBlock> resnets(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t count,
                                   std::int64_t groups) {
  std::vector<ResidualBlock> blocks;
  for (std::int64_t i = 0; i < count; ++i)
    blocks.emplace_back(w / "resnets" / i, i == 0 ? in : out, out, groups);
  return blocks;
}

}  // namespace

MidBlock::MidBlock(const Weights& w, std::int64_t dim, std::int64_t groups)
    : first(w / "resnets" / 0, dim, dim, groups),
      attention(w / "attentions" / 0, dim, groups),
      second(w / "resnets" / 1, dim, dim, groups) {}

at::Tensor MidBlock::operator()(FrameSource& source) const {
  StoredFrames attended(attention(first(source)));
  return second(attended);
}

OutLayer::OutLayer(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t groups)
    : conv_norm_out(w / "conv_norm_out", in, groups), conv_out(w / "conv_out", in, out) {}

at::Tensor OutLayer::operator()(const at::Tensor& x) const {
  StoredFrames source(x);
  const GroupNorm::Affine norm = conv_norm_out.affine_of(source);
  nn::StreamState state;
  std::vector<at::Tensor> made;
  source.rewind();
  for (at::Tensor part = source.next(); part.defined(); part = source.next())
    made.push_back(conv_out(norm.silu(part), state));
  return at::cat(made);
}

Encoder::Encoder(const Weights& w, const VaeConfig& config)
    : conv_in_(w / "encoder" / "conv_in", 3, config.block_out_channels.front()),
      mid_(w / "encoder" / "mid_block", config.block_out_channels.back(), config.norm_num_groups),
      out_(w / "encoder", config.block_out_channels.back(), 2 * config.latent_channels,
           config.norm_num_groups),
      quant_conv_(pixelwise(w / "quant_conv", 2 * config.latent_channels, 2 * config.latent_channels)),
      latent_channels_(config.latent_channels) {
  std::int64_t in = config.block_out_channels.front();
  for (std::int64_t i = 0; i < config.blocks(); ++i) {
    const Weights block = w / "encoder" / "down_blocks" / i;
    const std::int64_t out = config.block_out_channels[static_cast<std::size_t>(i)];
    Stage stage{resnets(block, in, out, config.layers_per_block, config.norm_num_groups), {}};
    if (config.space_factor(i) > 1)
      stage.halving.emplace(block / "downsamplers" / 0, out, config.time_factor(i));
    stages_.push_back(std::move(stage));
    in = out;
  }
}

at::Tensor Encoder::operator()(const at::Tensor& video) const {
  std::unique_ptr<FrameSource> source = std::make_unique<ConvolvedFrames>(video, conv_in_);
  for (const Stage& stage : stages_) {
    for (const ResidualBlock& block : stage.resnets) source = std::make_unique<StoredFrames>(block(*source));
    if (!stage.halving) continue;
    at::Tensor clip = static_cast<StoredFrames&>(*source).clip();
    source = std::make_unique<StoredFrames>((*stage.halving)(clip));
  }
  return quant_conv_(out_(mid_(*source))).narrow(3, 0, latent_channels_).contiguous();
}

Decoder::Decoder(const Weights& w, const VaeConfig& config)
    : post_quant_conv_(pixelwise(w / "post_quant_conv", config.latent_channels, config.latent_channels)),
      conv_in_(w / "decoder" / "conv_in", config.latent_channels, config.block_out_channels.back()),
      mid_(w / "decoder" / "mid_block", config.block_out_channels.back(), config.norm_num_groups),
      out_(w / "decoder", config.block_out_channels.front(), 3, config.norm_num_groups) {
  std::int64_t in = config.block_out_channels.back();
  for (std::int64_t i = 0; i < config.blocks(); ++i) {
    const Weights block = w / "decoder" / "up_blocks" / i;
    const std::int64_t out = config.block_out_channels[static_cast<std::size_t>(config.blocks() - 1 - i)];
    Stage stage{resnets(block, in, out, config.layers_per_block + 1, config.norm_num_groups), {}};
    stage.time = config.time_factor(i);
    stage.space = config.space_factor(i);
    if (stage.space > 1) stage.doubling.emplace(block / "upsamplers" / 0 / "conv", out, out);
    stages_.push_back(std::move(stage));
    in = out;
  }
}

at::Tensor Decoder::operator()(const at::Tensor& latents) const {
  std::unique_ptr<FrameSource> source =
      std::make_unique<ConvolvedFrames>(post_quant_conv_(latents), conv_in_);
  at::Tensor x = mid_(*source);
  source = std::make_unique<StoredFrames>(std::move(x));
  for (const Stage& stage : stages_) {
    for (const ResidualBlock& block : stage.resnets) {
      at::Tensor y = block(*source);
      source = std::make_unique<StoredFrames>(std::move(y));
    }
    if (!stage.doubling) continue;
    at::Tensor clip = static_cast<StoredFrames&>(*source).clip();
    source = std::make_unique<ConvolvedFrames>(std::move(clip), *stage.doubling, stage.time, stage.space);
  }
  return out_(static_cast<StoredFrames&>(*source).clip());
}

}  // namespace sora::hunyuan
