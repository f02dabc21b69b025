#include "models/hunyuan/vae_config.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "core/json/json_config.h"
#include "sora/error.h"

namespace sora::hunyuan {
namespace {

constexpr const char* kStem = "diffusion_pytorch_model";
constexpr std::int64_t kWidest = 1 << 15;
constexpr std::int64_t kMostLayers = 100;
constexpr std::int64_t kBlocks = 4;  // 8 x 8 pixels and 4 frames a latent cell need so many
constexpr std::int64_t kUsualGroups = 32;

[[noreturn]] void fail(const Checkpoint& checkpoint, const std::string& what) {
  throw Error(ErrorKind::data, "vae",
              checkpoint.path().string() + ": " + what + "; is this the VAE of HunyuanVideo?");
}

std::int64_t width_of(const Checkpoint& checkpoint, const std::string& name, std::size_t axis = 0) {
  const TensorInfo* info = checkpoint.find(name);
  const bool good =
      info != nullptr && info->shape.size() == 5 && info->shape[axis] >= 1 && info->shape[axis] <= kWidest;
  if (!good) {
    fail(checkpoint, "tensor " + name + (info ? " is " + shape_text(info->shape) : " is missing") +
                         ", expected five dimensions of sensible sizes");
  }
  return info->shape[axis];
}

void check_groups(const VaeConfig& config, const std::string& path) {
  for (const std::int64_t width : config.block_out_channels) {
    if (width % config.norm_num_groups != 0) {
      throw Error(ErrorKind::data, "vae",
                  path + ": a width is " + std::to_string(width) +
                      ", expected a multiple of norm_num_groups (" + std::to_string(config.norm_num_groups) +
                      ")");
    }
  }
}

VaeConfig config_of(const Checkpoint& checkpoint) {
  VaeConfig config;
  config.latent_channels = width_of(checkpoint, "post_quant_conv.weight");
  config.block_out_channels.clear();
  for (std::int64_t i = 0; i < kBlocks; ++i) {
    config.block_out_channels.push_back(
        width_of(checkpoint, "encoder.down_blocks." + std::to_string(i) + ".resnets.0.conv1.conv.weight"));
  }
  config.layers_per_block = 0;
  while (checkpoint.find("encoder.down_blocks.0.resnets." + std::to_string(config.layers_per_block) +
                         ".conv1.conv.weight") != nullptr) {
    if (++config.layers_per_block > kMostLayers) fail(checkpoint, "has over 100 layers in a block");
  }
  config.norm_num_groups = kUsualGroups;
  for (const std::int64_t width : config.block_out_channels)
    config.norm_num_groups = std::gcd(config.norm_num_groups, width);
  return config;
}

VaeConfig read_config(const std::filesystem::path& path) {
  const JsonConfig json(path, "vae");
  if (json.string("_class_name", "AutoencoderKLHunyuanVideo") != "AutoencoderKLHunyuanVideo")
    json.fail("_class_name", "AutoencoderKLHunyuanVideo");
  VaeConfig config;
  for (const char* key : {"in_channels", "out_channels"}) {
    if (json.integer_in(key, 1, 4096, 3) != 3) json.fail(key, "3 (colours)");
  }
  config.latent_channels = json.integer_in("latent_channels", 1, 4096, config.latent_channels);
  config.block_out_channels = json.integers("block_out_channels", config.block_out_channels);
  const auto& widths = config.block_out_channels;
  if (widths.size() != kBlocks ||
      !std::all_of(widths.begin(), widths.end(), [](auto w) { return w >= 1 && w <= kWidest; }))
    json.fail("block_out_channels", "4 widths");
  config.layers_per_block = json.integer_in("layers_per_block", 1, kMostLayers, config.layers_per_block);
  config.norm_num_groups = json.integer_in("norm_num_groups", 1, 4096, config.norm_num_groups);
  config.scaling_factor = json.number("scaling_factor", config.scaling_factor);
  if (!(config.scaling_factor > 0)) json.fail("scaling_factor", "a number above 0");
  if (json.integer_in("spatial_compression_ratio", 1, 64, 8) != 8)
    json.fail("spatial_compression_ratio", "8");
  if (json.integer_in("temporal_compression_ratio", 1, 64, 4) != 4)
    json.fail("temporal_compression_ratio", "4");
  if (!json.boolean("mid_block_add_attention", true)) json.fail("mid_block_add_attention", "true");
  return config;
}

}  // namespace

bool is_hunyuan_vae(const Checkpoint& checkpoint) {
  return checkpoint.find("post_quant_conv.weight") != nullptr &&
         checkpoint.find("decoder.up_blocks.0.resnets.0.conv1.conv.weight") != nullptr;
}

VaeFiles open_vae(const ComponentSource& source) {
  Checkpoint checkpoint = source.open(kStem);
  if (!is_hunyuan_vae(checkpoint)) {
    throw Error(ErrorKind::data, "vae",
                source.path.string() +
                    ": is no VAE of HunyuanVideo, expected hunyuan_vae.safetensors of Open-Sora 2.0, or "
                    "AutoencoderKLHunyuanVideo's weights");
  }
  VaeConfig config = source.is_file() ? config_of(checkpoint) : read_config(source.path / "config.json");
  check_groups(config, source.path.string());
  return {std::move(config), std::move(checkpoint)};
}

}  // namespace sora::hunyuan
