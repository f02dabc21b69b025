#include "models/wan/vae_config.h"

#include <algorithm>
#include <string>

#include "core/json/json_config.h"

namespace sora::wan {
namespace {

// About ten times the sizes of the largest Wan VAE. Larger values must be mistakes, and would otherwise end
// in a failed allocation with a worse message.
constexpr std::int64_t max_width = 1 << 14;
constexpr std::size_t max_stages = 8;
// The encoder takes four frames at once, so time can be halved at most twice.
constexpr std::int64_t max_temporal_stages = 2;

// For the 16 channels of Wan 2.1; the defaults of diffusers' class.
const std::vector<double> default_mean{-0.7571, -0.7089, -0.9113, 0.1075,  -0.1745, 0.9653,
                                       -0.1517, 1.5508,  0.4134,  -0.0715, 0.5517,  -0.3632,
                                       -0.1922, -0.9497, 0.2503,  -0.2921};
const std::vector<double> default_std{2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743,
                                      3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160};

void read_stages(const JsonConfig& json, VaeConfig& config) {
  config.dim_mult = json.integers("dim_mult", config.dim_mult);
  if (config.dim_mult.empty() || config.stages() > max_stages ||
      std::any_of(config.dim_mult.begin(), config.dim_mult.end(), [](auto m) { return m < 1 || m > 64; })) {
    json.fail("dim_mult", "one to " + std::to_string(max_stages) + " integers from 1 to 64");
  }
  config.num_res_blocks = json.integer_in("num_res_blocks", 1, 100, config.num_res_blocks);
  config.temperal_downsample = json.booleans("temperal_downsample", config.temperal_downsample);
  const auto& temporal = config.temperal_downsample;
  const auto temporal_stages = std::count(temporal.begin(), temporal.end(), true);
  if (temporal.size() + 1 != config.stages() || temporal_stages > max_temporal_stages) {
    json.fail("temperal_downsample",
              std::to_string(config.stages() - 1) +
                  " of true and false (one fewer than dim_mult), at most two of them true");
  }
}

// Checks the values that follow from the stages and the patch size.
void read_derived(const JsonConfig& json, VaeConfig& config) {
  const std::int64_t packed = 3 * config.patch_size * config.patch_size;
  for (const char* key : {"in_channels", "out_channels"}) {
    if (json.integer(key, 3) != packed) {
      json.fail(key, std::to_string(packed) + " (3 colours x patch_size x patch_size)");
    }
  }
  config.in_channels = config.out_channels = packed;
  const auto spatial = config.patch_size << (config.stages() - 1);
  config.scale_factor_spatial = json.integer("scale_factor_spatial", config.scale_factor_spatial);
  if (config.scale_factor_spatial != spatial) {
    json.fail("scale_factor_spatial", std::to_string(spatial) + " (patch_size and a halving for each stage)");
  }
  const auto& temporal = config.temperal_downsample;
  const std::int64_t temporal_scale = std::int64_t{1} << std::count(temporal.begin(), temporal.end(), true);
  config.scale_factor_temporal = json.integer("scale_factor_temporal", config.scale_factor_temporal);
  if (config.scale_factor_temporal != temporal_scale) {
    json.fail("scale_factor_temporal",
              std::to_string(temporal_scale) + " (a halving for each true in temperal_downsample)");
  }
}

void read_latent_statistics(const JsonConfig& json, VaeConfig& config) {
  const auto z = static_cast<std::size_t>(config.z_dim);
  config.latents_mean = json.numbers("latents_mean", default_mean);
  config.latents_std = json.numbers("latents_std", default_std);
  if (config.latents_mean.size() != z) json.fail("latents_mean", std::to_string(z) + " numbers (z_dim)");
  if (config.latents_std.size() != z ||
      std::any_of(config.latents_std.begin(), config.latents_std.end(), [](double s) { return s <= 0; })) {
    json.fail("latents_std", std::to_string(z) + " positive numbers (z_dim)");
  }
}

}  // namespace

const std::vector<double>& wan21_mean() { return default_mean; }
const std::vector<double>& wan21_std() { return default_std; }

std::string shortcut_problem(const VaeConfig& config) {
  if (!config.is_residual) return "";
  const std::size_t n = config.stages();
  for (std::size_t i = 0; i < n; ++i) {
    const bool resampled = i + 1 < n;
    const std::int64_t factor = !resampled ? 1 : config.temperal_downsample[i] ? 8 : 4;
    const std::int64_t above = i == 0 ? 1 : config.dim_mult[i - 1];
    const std::int64_t below = config.dim_mult[i];
    if (above * factor % below != 0) {
      return "stages that grow by a divisor of 4 (8 where time is halved, 1 in the last)";
    }
    // The decoder's block between stages i + 1 and i has the upsampler of stage i + 1 and the width of stage
    // i.
    if (i == 0) continue;
    const std::int64_t up_factor = config.temperal_downsample[i - 1] ? 8 : 4;
    const std::int64_t from = i + 1 < n ? config.dim_mult[i + 1] : below;
    if (below * up_factor % from != 0) {
      return "stages that shrink by a divisor of 4 (8 where time is doubled) on the way up";
    }
  }
  return "";
}

VaeConfig read_vae_config(const std::filesystem::path& path) {
  const JsonConfig json(path, "vae");
  if (json.string("_class_name", "AutoencoderKLWan") != "AutoencoderKLWan") {
    json.fail("_class_name", "AutoencoderKLWan");
  }
  VaeConfig config;
  config.base_dim = json.integer_in("base_dim", 1, max_width, config.base_dim);
  config.decoder_base_dim = json.integer_in("decoder_base_dim", 1, max_width, config.base_dim);
  config.z_dim = json.integer_in("z_dim", 1, 1024, config.z_dim);
  read_stages(json, config);
  if (json.has("attn_scales") && !json.numbers("attn_scales").empty()) {
    json.fail("attn_scales", "an empty list (diffusers cannot run others)");
  }
  config.is_residual = json.boolean("is_residual", config.is_residual);
  config.patch_size = json.integer_in("patch_size", 1, 16, config.patch_size);
  read_derived(json, config);
  read_latent_statistics(json, config);
  if (const std::string problem = shortcut_problem(config); !problem.empty()) json.fail("dim_mult", problem);
  return config;
}

}  // namespace sora::wan
