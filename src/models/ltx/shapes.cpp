#include "models/ltx/shapes.h"

#include <cmath>
#include <string>

#include "sora/error.h"

namespace sora::ltx {
namespace {

// Limits as for the configs: larger values must be mistakes.
constexpr std::int64_t max_width = 1 << 17;
constexpr std::int64_t max_blocks = 1000;
constexpr std::int64_t max_stages = 8;
constexpr std::int64_t published_heads = 32;

// Reads shapes. Errors name the file, the tensor and what was expected.
class Shapes {
 public:
  Shapes(const Checkpoint& checkpoint, const char* component, const char* network)
      : checkpoint_(checkpoint), component_(component), network_(network) {}

  bool has(const std::string& name) const { return checkpoint_.find(name) != nullptr; }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::data, component_,
                checkpoint_.path().string() + ": " + what + "; is this " + network_ + "?");
  }

  /// The shape of a tensor of `rank` dimensions, each from 1 to max_width.
  const std::vector<std::int64_t>& of(const std::string& name, std::size_t rank) const {
    const TensorInfo* info = checkpoint_.find(name);
    bool good = info != nullptr && info->shape.size() == rank;
    for (std::size_t i = 0; good && i < rank; ++i) good = info->shape[i] >= 1 && info->shape[i] <= max_width;
    if (!good) {
      fail("tensor " + name + (info ? " is " + shape_text(info->shape) : " is missing") + ", expected " +
           std::to_string(rank) + " dimensions of sensible sizes");
    }
    return info->shape;
  }

  /// The number of tensors prefix0suffix, prefix1suffix, ...; at least one.
  std::int64_t count(const std::string& prefix, const std::string& suffix, std::int64_t most) const {
    std::int64_t n = 0;
    while (has(prefix + std::to_string(n) + suffix)) {
      if (++n > most) fail("has over " + std::to_string(most) + " of " + prefix + "N" + suffix);
    }
    if (n == 0) fail("has no tensor " + prefix + "0" + suffix);
    return n;
  }

 private:
  const Checkpoint& checkpoint_;
  const char* component_;
  const char* network_;
};

constexpr const char* kConv = ".conv.weight";
constexpr const char* kFirstConv = ".conv1.conv.weight";

Factors factors_of(const Shapes& shapes, const std::string& name, std::int64_t cells) {
  if (cells == 2) return {2, 1, 1};
  if (cells == 4) return {1, 2, 2};
  if (cells != 8) shapes.fail(name + " folds " + std::to_string(cells) + " pixels, expected 2, 4 or 8");
  return {2, 2, 2};
}

void read_encoder(const Shapes& shapes, VaeConfig& config) {
  config.encoder_in = shapes.of("encoder.conv_in.conv.weight", 5)[0];
  const std::int64_t stages =
      shapes.count("encoder.down_blocks.", ".resnets.0.conv1.conv.weight", max_stages);
  for (std::int64_t i = 0; i < stages; ++i) {
    const std::string block = "encoder.down_blocks." + std::to_string(i);
    EncoderStage stage;
    stage.in = stage.out = shapes.of(block + ".resnets.0.conv1.conv.weight", 5)[0];
    stage.blocks = shapes.count(block + ".resnets.", kFirstConv, max_blocks);
    const std::string folding = block + ".downsamplers.0.conv.conv.weight";
    const std::string strided = block + ".downsamplers.0.conv.weight";
    stage.halves = shapes.has(folding) || shapes.has(strided);
    if (shapes.has(folding)) {
      config.folds = true;
      const std::string next =
          i + 1 < stages ? "encoder.down_blocks." + std::to_string(i + 1) : "encoder.mid_block";
      stage.out = shapes.of(next + ".resnets.0.conv1.conv.weight", 5)[1];
      const std::int64_t made = shapes.of(folding, 5)[0];
      if (stage.out % made != 0) shapes.fail(folding + " does not fit the next stage");
      stage.factors = factors_of(shapes, folding, stage.out / made);
    } else if (shapes.has(block + ".conv_out.conv1.conv.weight")) {
      stage.out = shapes.of(block + ".conv_out.conv1.conv.weight", 5)[0];
    }
    config.encoder.push_back(stage);
  }
  config.encoder_mid_blocks = shapes.count("encoder.mid_block.resnets.", kFirstConv, max_blocks);
}

void read_decoder(const Shapes& shapes, VaeConfig& config) {
  const auto noisy = [&](const std::string& block) {
    return shapes.has(block + ".resnets.0.per_channel_scale1");
  };
  config.decoder_in = shapes.of("decoder.conv_in.conv.weight", 5)[0];
  config.decoder_mid_blocks = shapes.count("decoder.mid_block.resnets.", kFirstConv, max_blocks);
  config.mid_injects_noise = noisy("decoder.mid_block");
  config.timestep_conditioning = shapes.has("decoder.timestep_scale_multiplier");
  const std::int64_t stages = shapes.count("decoder.up_blocks.", ".resnets.0.conv1.conv.weight", max_stages);
  std::int64_t width = config.decoder_in;
  for (std::int64_t i = 0; i < stages; ++i) {
    const std::string block = "decoder.up_blocks." + std::to_string(i);
    DecoderStage stage;
    stage.out = shapes.of(block + ".resnets.0.conv1.conv.weight", 5)[0];
    stage.blocks = shapes.count(block + ".resnets.", kFirstConv, max_blocks);
    stage.injects_noise = noisy(block);
    const std::string doubling = block + ".upsamplers.0.conv.conv.weight";
    stage.doubles = shapes.has(doubling);
    if (stage.doubles) {
      const auto& shape = shapes.of(doubling, 5);
      if (shape[0] != 8 * stage.out || shape[1] % stage.out != 0 || 8 % (shape[1] / stage.out) != 0)
        shapes.fail(doubling + " is " + shape_text(shape) + ", which does not fit the stage's width");
      stage.factor = shape[1] / stage.out;
      stage.residual = stage.factor > 1;
    }
    stage.in = shapes.has(block + ".conv_in.conv1.conv.weight") ? width : stage.out;
    config.decoder.push_back(stage);
    width = stage.out;
  }
}

}  // namespace

TransformerConfig transformer_config_of(const Checkpoint& checkpoint,
                                        const std::optional<TransformerConfig>& reference) {
  const Shapes shapes(checkpoint, "transformer", "an LTX-Video transformer");
  TransformerConfig config;
  const auto& input = shapes.of("proj_in.weight", 2);
  const std::int64_t dim = input[0];
  config.in_channels = config.out_channels = input[1];
  config.caption_channels = shapes.of("caption_projection.linear_1.weight", 2)[1];
  config.num_layers = shapes.count("transformer_blocks.", ".scale_shift_table", max_blocks);
  const bool known = reference && reference->dim() == dim;
  config.num_attention_heads = known ? reference->num_attention_heads : published_heads;
  config.attention_head_dim = dim / config.num_attention_heads;
  if (known) config.norm_eps = reference->norm_eps;
  if (config.dim() != dim || config.attention_head_dim % 2 != 0) {
    shapes.fail("proj_in.weight is " + shape_text(input) + ", expected a width for " +
                std::to_string(published_heads) + " heads");
  }
  return config;
}

VaeConfig vae_config_of(const Checkpoint& checkpoint) {
  const Shapes shapes(checkpoint, "vae", "an LTX-Video VAE");
  VaeConfig config;
  config.latent_channels = shapes.of("decoder.conv_in.conv.weight", 5)[1];
  const std::int64_t packed = shapes.of("encoder.conv_in.conv.weight", 5)[1];
  config.patch_size = std::lround(std::sqrt(static_cast<double>(packed) / 3));
  if (3 * config.patch_size * config.patch_size != packed)
    shapes.fail("encoder.conv_in takes " + std::to_string(packed) + " channels, expected 3 x patch x patch");
  read_encoder(shapes, config);
  read_decoder(shapes, config);
  set_scales(config, checkpoint.path().string());
  return config;
}

}  // namespace sora::ltx
