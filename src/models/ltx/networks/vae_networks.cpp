#include "models/ltx/networks/vae_networks.h"

#include <utility>

#include "models/ltx/networks/timestep.h"

namespace sora::ltx {
namespace {

at::Tensor embedded(const at::Tensor& sinusoid, const nn::Linear& linear_1, const nn::Linear& linear_2) {
  return linear_2(at::silu(linear_1(sinusoid))).flatten();
}

}  // namespace

VaeEncoder::VaeEncoder(const Weights& w, const VaeConfig& config) {
  const ResidualOptions options{.norm_eps = config.resnet_norm_eps};
  const auto add_blocks = [&](const Weights& blocks, std::int64_t dim, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i)
      chain_.add(std::make_unique<ResidualBlock>(blocks / "resnets" / i, dim, dim, options));
  };
  const std::int64_t packed = 3 * config.patch_size * config.patch_size;
  chain_.add(std::make_unique<PlainLayer>(w / "conv_in", packed, config.encoder_in, /*causal=*/true));
  std::int64_t i = 0;
  for (const EncoderStage& stage : config.encoder) {
    const Weights block = w / "down_blocks" / i++;
    add_blocks(block, stage.in, stage.blocks);
    if (stage.halves && config.folds)
      chain_.add(std::make_unique<FoldingHalving>(block / "downsamplers" / 0, stage));
    if (stage.halves && !config.folds)
      chain_.add(std::make_unique<StridedHalving>(block / "downsamplers" / 0, stage.in));
    if (!config.folds && stage.in != stage.out)
      chain_.add(std::make_unique<ResidualBlock>(block / "conv_out", stage.in, stage.out, options));
  }
  const std::int64_t dim = config.encoder.back().out;
  add_blocks(w / "mid_block", dim, config.encoder_mid_blocks);
  chain_.add(std::make_unique<PlainLayer>(w / "conv_out", dim, config.latent_channels + 1, /*causal=*/true,
                                          /*normed=*/true));
}

VaeDecoder::TimeEmbedder VaeDecoder::embedder(const Weights& w, std::int64_t dim) const {
  const Weights layers = w / "time_embedder" / "timestep_embedder";
  return {full_precision(layers / "linear_1", kTimestepChannels, dim),
          full_precision(layers / "linear_2", dim, dim),
          {}};
}

void VaeDecoder::add_blocks(const Weights& w, std::int64_t dim, std::int64_t count, ResidualOptions options,
                            TimeEmbedder* embedder) {
  for (std::int64_t i = 0; i < count; ++i) {
    auto block = std::make_unique<ResidualBlock>(w / "resnets" / i, dim, dim, options);
    if (embedder != nullptr) embedder->blocks.push_back(block.get());
    chain_.add(std::move(block));
  }
}

VaeDecoder::VaeDecoder(const Weights& w, const VaeConfig& config) {
  const bool timed = config.timestep_conditioning;
  ResidualOptions options{config.decoder_causal, config.mid_injects_noise, timed, config.resnet_norm_eps};
  embedders_.reserve(config.decoder.size() + 1);  // pointers to them stay valid
  const auto embedder_of = [&](const Weights& block, std::int64_t dim) -> TimeEmbedder* {
    if (!timed) return nullptr;
    embedders_.push_back(embedder(block, 4 * dim));
    return &embedders_.back();
  };
  chain_.add(std::make_unique<PlainLayer>(w / "conv_in", config.latent_channels, config.decoder_in,
                                          config.decoder_causal));
  const Weights mid = w / "mid_block";
  add_blocks(mid, config.decoder_in, config.decoder_mid_blocks, options, embedder_of(mid, config.decoder_in));
  std::int64_t i = 0;
  for (const DecoderStage& stage : config.decoder) {
    const Weights block = w / "up_blocks" / i++;
    options.injects_noise = stage.injects_noise;
    if (stage.in != stage.out)
      chain_.add(std::make_unique<ResidualBlock>(block / "conv_in", stage.in, stage.out, options));
    if (stage.doubles) {
      chain_.add(std::make_unique<Doubling>(block / "upsamplers" / 0, stage, config.decoder_causal));
    }
    add_blocks(block, stage.out, stage.blocks, options, embedder_of(block, stage.in));
  }
  const std::int64_t dim = config.decoder.back().out;
  auto out = std::make_unique<PlainLayer>(w / "conv_out", dim, 3 * config.patch_size * config.patch_size,
                                          config.decoder_causal, /*normed=*/true);
  out_ = out.get();
  chain_.add(std::move(out));
  if (!timed) return;
  timestep_scale_multiplier_ = w.get("timestep_scale_multiplier", {}, Precision::full);
  const TimeEmbedder last = embedder(w, 2 * dim);
  out_1_ = last.linear_1;
  out_2_ = last.linear_2;
  scale_shift_table_ = w.get("scale_shift_table", {2, dim}, Precision::full);
}

void VaeDecoder::set_timestep(double timestep) {
  if (!timestep_scale_multiplier_.defined()) return;
  const at::Tensor scaled = (timestep_scale_multiplier_ * timestep).reshape({1});
  const at::Tensor sinusoid = sinusoidal_embedding(scaled);  // [1, 256]
  for (const TimeEmbedder& embedder : embedders_) {
    const at::Tensor embedding = embedded(sinusoid, embedder.linear_1, embedder.linear_2);
    for (ResidualBlock* block : embedder.blocks) block->modulate(embedding);
  }
  const auto parts =
      (embedded(sinusoid, out_1_, out_2_).unflatten(0, {2, -1}) + scale_shift_table_).unbind(0);
  out_->modulate(parts[0], parts[1]);
}

}  // namespace sora::ltx
