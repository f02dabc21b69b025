#include "models/wan/shapes.h"

#include <cmath>
#include <string>

#include "sora/error.h"

namespace sora::wan {
namespace {

// Limits as for the configs: larger values must be mistakes.
constexpr std::int64_t max_width = 1 << 17;
constexpr std::int64_t max_layers = 1000;
constexpr std::int64_t max_stages = 8;

constexpr std::int64_t published_head_dim = 128;

// Mean and deviation of the 48 channels of Wan 2.2's VAE, as its publishers give them.
const std::vector<double> wan22_mean{-0.2289, -0.0052, -0.1323, -0.2339, -0.2799, 0.0174,  0.1838,  0.1557,
                                     -0.1382, 0.0542,  0.2813,  0.0891,  0.1570,  -0.0098, 0.0375,  -0.1825,
                                     -0.2246, -0.1207, -0.0698, 0.5109,  0.2665,  -0.2108, -0.2158, 0.2502,
                                     -0.2055, -0.0322, 0.1109,  0.1567,  -0.0729, 0.0899,  -0.2799, -0.1230,
                                     -0.0313, -0.1649, 0.0117,  0.0723,  -0.2839, -0.2083, -0.0520, 0.3748,
                                     0.0152,  0.1957,  0.1433,  -0.2944, 0.3573,  -0.0548, -0.1681, -0.0667};
const std::vector<double> wan22_std{
    0.4765, 1.0364, 0.4514, 1.1677, 0.5313, 0.4990, 0.4818, 0.5013, 0.8158, 1.0344, 0.5894, 1.0901,
    0.6885, 0.6165, 0.8454, 0.4978, 0.5759, 0.3523, 0.7135, 0.6804, 0.5833, 1.4146, 0.8986, 0.5659,
    0.7069, 0.5338, 0.4889, 0.4917, 0.4069, 0.4999, 0.6866, 0.4093, 0.5709, 0.6065, 0.6415, 0.4944,
    0.5726, 1.2042, 0.5458, 1.6887, 0.3971, 1.0600, 0.3943, 0.5537, 0.5444, 0.4089, 0.7468, 0.7744};

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
    for (std::size_t i = 0; good && i < rank; ++i)
      good = info->shape[i] >= 1 && info->shape[i] <= max_width * 8;
    if (!good) {
      fail("tensor " + name + (info ? " is " + shape_text(info->shape) : " is missing") + ", expected " +
           std::to_string(rank) + " dimensions of sensible sizes");
    }
    return info->shape;
  }

  /// The number of tensors prefix0suffix, prefix1suffix, ...
  std::int64_t count(const std::string& prefix, const std::string& suffix, std::int64_t most) const {
    std::int64_t n = 0;
    while (has(prefix + std::to_string(n) + suffix)) {
      if (++n > most) fail("has over " + std::to_string(most) + " of " + prefix + "N" + suffix);
    }
    return n;
  }

 private:
  const Checkpoint& checkpoint_;
  const char* component_;
  const char* network_;
};

// Reads the patch embedding [dim, in, pt, ph, pw]; in GGUF files its first two dimensions may be merged.
void read_patches(const Shapes& shapes, const Checkpoint& checkpoint, std::int64_t dim,
                  TransformerConfig& config) {
  const std::string name = "patch_embedding.weight";
  const TensorInfo* info = checkpoint.find(name);
  const bool merged = info != nullptr && info->loose_shape && info->shape.size() == 4;
  const auto& shape = shapes.of(name, merged ? 4 : 5);
  if (shape[0] % dim != 0 || (!merged && shape[0] != dim)) {
    shapes.fail(name + " is " + shape_text(shape) + ", expected " + std::to_string(dim) + " outputs");
  }
  config.in_channels = merged ? shape[0] / dim : shape[1];
  for (std::size_t i = 0; i < 3; ++i) {
    config.patch_size[i] = shape[shape.size() - 3 + i];
    if (config.patch_size[i] > 16)
      shapes.fail(name + " is " + shape_text(shape) + ", expected small patches");
  }
}

// AnyFlow. Nothing in the tensors shows the gate: it is the reference's, else the published one.
void read_target_time(const Shapes& shapes, const std::optional<TransformerConfig>& reference,
                      TransformerConfig& config) {
  if (shapes.has("far_patch_embedding.weight"))
    shapes.fail(
        "has a patch embedding for compressed frames: the causal form of AnyFlow (FAR) is not supported");
  if (!shapes.has("condition_embedder.delta_embedder.linear_1.weight")) return;
  config.target_time = reference && reference->target_time ? *reference->target_time : TargetTime();
}

// VACE's control branch. Its blocks lie at even distances in all published models; a config.json says so.
void read_control_branch(const Shapes& shapes, const Checkpoint& checkpoint,
                         const std::optional<TransformerConfig>& reference, TransformerConfig& config) {
  const std::int64_t blocks = shapes.count("vace_blocks.", ".attn1.to_q.weight", max_layers);
  if (blocks == 0) return;
  if (reference && static_cast<std::int64_t>(reference->vace_layers.size()) == blocks &&
      reference->vace_layers.back() < config.num_layers) {
    config.vace_layers = reference->vace_layers;
  } else if (config.num_layers % blocks == 0) {
    for (std::int64_t i = 0; i < blocks; ++i) config.vace_layers.push_back(i * (config.num_layers / blocks));
  } else {
    shapes.fail("has " + std::to_string(blocks) + " control blocks for " + std::to_string(config.num_layers) +
                " blocks, and there is no config.json that says where they belong (vace_layers)");
  }
  const std::string name = "vace_patch_embedding.weight";
  const TensorInfo* info = checkpoint.find(name);
  const bool merged = info != nullptr && info->loose_shape && info->shape.size() == 4;
  const auto& shape = shapes.of(name, merged ? 4 : 5);
  config.vace_in_channels = merged ? shape[0] / config.dim() : shape[1];
}

// The width of a residual block, in multiples of base_dim.
std::int64_t width_of(const Shapes& shapes, const std::string& block, const VaeConfig& config) {
  const std::int64_t width = shapes.of(block + "conv1.weight", 5)[0];
  if (width % config.base_dim != 0) {
    shapes.fail(block + "conv1 is " + std::to_string(width) + " wide, expected a multiple of " +
                std::to_string(config.base_dim));
  }
  return width / config.base_dim;
}

// Wan 2.2: the encoder's blocks are numbered within each stage.
void read_residual_stages(const Shapes& shapes, VaeConfig& config) {
  config.num_res_blocks = shapes.count("encoder.down_blocks.0.resnets.", ".conv1.weight", 100);
  const std::int64_t stages = shapes.count("encoder.down_blocks.", ".resnets.0.conv1.weight", max_stages);
  for (std::int64_t i = 0; i < stages; ++i) {
    const std::string block = "encoder.down_blocks." + std::to_string(i) + ".";
    config.dim_mult.push_back(width_of(shapes, block + "resnets.0.", config));
    if (i + 1 < stages)
      config.temperal_downsample.push_back(shapes.has(block + "downsampler.time_conv.weight"));
  }
}

// Wan 2.1: the encoder's blocks have one sequence of numbers, residual blocks and, after each stage, a
// downsampler.
void read_flat_stages(const Shapes& shapes, VaeConfig& config) {
  const std::int64_t resnets = shapes.count("encoder.down_blocks.", ".conv1.weight", 100);
  config.num_res_blocks = resnets;
  for (std::int64_t flat = 0;; flat += resnets + 1) {
    const std::string block = "encoder.down_blocks." + std::to_string(flat) + ".";
    if (resnets == 0 || !shapes.has(block + "conv1.weight")) return;
    config.dim_mult.push_back(width_of(shapes, block, config));
    if (config.stages() > max_stages) shapes.fail("has over " + std::to_string(max_stages) + " stages");
    const std::string sampler = "encoder.down_blocks." + std::to_string(flat + resnets) + ".";
    if (!shapes.has(sampler + "resample.1.weight")) return;
    config.temperal_downsample.push_back(shapes.has(sampler + "time_conv.weight"));
  }
}

void read_encoder_stages(const Shapes& shapes, VaeConfig& config) {
  config.dim_mult.clear();
  config.temperal_downsample.clear();
  config.is_residual ? read_residual_stages(shapes, config) : read_flat_stages(shapes, config);
  if (config.dim_mult.empty() || config.temperal_downsample.size() + 1 != config.stages()) {
    shapes.fail("has an encoder of " + std::to_string(config.stages()) + " stages and " +
                std::to_string(config.temperal_downsample.size()) + " downsamplers between them");
  }
  if (const std::string problem = shortcut_problem(config); !problem.empty()) {
    shapes.fail("has widths that do not fit its shortcuts, expected " + problem);
  }
}

void set_latent_statistics(const Shapes& shapes, const std::optional<VaeConfig>& reference,
                           VaeConfig& config) {
  if (reference && reference->z_dim == config.z_dim) {
    config.latents_mean = reference->latents_mean;
    config.latents_std = reference->latents_std;
  } else if (config.z_dim == 48) {
    config.latents_mean = wan22_mean;
    config.latents_std = wan22_std;
  } else if (config.z_dim == 16) {
    config.latents_mean = wan21_mean();
    config.latents_std = wan21_std();
  } else {
    shapes.fail(
        "has " + std::to_string(config.z_dim) +
        " latent channels, expected 16 (Wan 2.1) or 48 (Wan 2.2): there is no config.json with the mean of "
        "others");
  }
}

}  // namespace

TransformerConfig transformer_config_of(const Checkpoint& checkpoint,
                                        const std::optional<TransformerConfig>& reference) {
  const Shapes shapes(checkpoint, "transformer", "the transformer of a Wan model");
  const std::string embedder = "condition_embedder.";
  TransformerConfig config;
  const std::int64_t dim = shapes.of("patch_embedding.bias", 1)[0];
  if (dim > max_width) shapes.fail("is " + std::to_string(dim) + " wide");
  if (reference && reference->dim() == dim) {
    config.num_attention_heads = reference->num_attention_heads;
    config.attention_head_dim = reference->attention_head_dim;
    config.eps = reference->eps;
    config.rope_max_seq_len = reference->rope_max_seq_len;
  } else if (dim % published_head_dim == 0) {
    config.attention_head_dim = published_head_dim;
    config.num_attention_heads = dim / published_head_dim;
  } else {
    shapes.fail("is " + std::to_string(dim) + " wide, which is no multiple of the published heads of " +
                std::to_string(published_head_dim) +
                ", and there is no config.json with the width of its heads");
  }
  read_patches(shapes, checkpoint, dim, config);
  config.text_dim = shapes.of(embedder + "text_embedder.linear_1.weight", 2)[1];
  config.freq_dim = shapes.of(embedder + "time_embedder.linear_1.weight", 2)[1];
  if (config.freq_dim % 2 != 0) shapes.fail("embeds timesteps with an odd number of frequencies");
  const std::int64_t outputs = shapes.of("proj_out.weight", 2)[0];
  if (outputs % config.patch_volume() != 0) {
    shapes.fail("proj_out gives " + std::to_string(outputs) + " values a token, expected a multiple of " +
                std::to_string(config.patch_volume()));
  }
  config.out_channels = outputs / config.patch_volume();
  config.num_layers = shapes.count("blocks.", ".attn1.to_q.weight", max_layers);
  if (config.num_layers == 0) shapes.fail("has no blocks");
  config.ffn_dim = shapes.of("blocks.0.ffn.net.0.proj.weight", 2)[0];
  config.cross_attn_norm = shapes.has("blocks.0.norm2.weight");
  const std::string image = embedder + "image_embedder.";
  if (shapes.has(image + "norm1.weight")) config.image_dim = shapes.of(image + "norm1.weight", 1)[0];
  if (shapes.has("blocks.0.attn2.add_k_proj.weight")) {
    config.added_kv_proj_dim = shapes.of("blocks.0.attn2.add_k_proj.weight", 2)[1];
    if (!config.image_dim || *config.added_kv_proj_dim != dim) {
      shapes.fail("attends to an image of width " + std::to_string(*config.added_kv_proj_dim) +
                  ", expected " + std::to_string(dim) + " and an image embedder");
    }
  }
  config.inject_sample_info = config.skyreels = shapes.has("fps_embedding.weight");
  if (config.image_dim && shapes.has(image + "pos_embed"))
    config.pos_embed_seq_len = shapes.of(image + "pos_embed", 3)[1];
  read_target_time(shapes, reference, config);
  read_control_branch(shapes, checkpoint, reference, config);
  return config;
}

VaeConfig vae_config_of(const Checkpoint& checkpoint, const std::optional<VaeConfig>& reference) {
  const Shapes shapes(checkpoint, "vae", "the VAE of a Wan model");
  VaeConfig config;
  config.is_residual = shapes.has("encoder.down_blocks.0.resnets.0.conv1.weight");
  const auto first = shapes.of("encoder.conv_in.weight", 5);
  config.base_dim = first[0];
  config.in_channels = config.out_channels = first[1];
  config.patch_size = std::llround(std::sqrt(static_cast<double>(first[1]) / 3));
  if (3 * config.patch_size * config.patch_size != first[1]) {
    shapes.fail("takes " + std::to_string(first[1]) + " channels, expected 3 colours of a square patch");
  }
  read_encoder_stages(shapes, config);
  const auto deepest = shapes.of("decoder.conv_in.weight", 5);
  config.z_dim = deepest[1];
  config.decoder_base_dim = deepest[0] / config.dim_mult.back();
  config.scale_factor_spatial = config.patch_size << (config.stages() - 1);
  config.scale_factor_temporal = 1;
  for (const bool halved : config.temperal_downsample) config.scale_factor_temporal *= halved ? 2 : 1;
  if (config.scale_factor_temporal > 4) shapes.fail("halves time more than twice");
  set_latent_statistics(shapes, reference, config);
  return config;
}

}  // namespace sora::wan
