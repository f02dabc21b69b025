// vae/config.json of the Wan models (diffusers' AutoencoderKLWan).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sora::wan {

/// Members have the names of config.json (temperal_downsample included) and the class defaults of diffusers
/// 0.42.1. The two forms are Wan 2.1's and, with is_residual, Wan 2.2's.
struct VaeConfig {
  std::int64_t base_dim = 96;
  std::int64_t decoder_base_dim = 96;  ///< base_dim when absent
  std::int64_t z_dim = 16;
  std::vector<std::int64_t> dim_mult{1, 2, 4, 4};
  std::int64_t num_res_blocks = 2;
  std::vector<bool> temperal_downsample{false, true, true};  ///< one for each stage but the last
  std::vector<double> latents_mean, latents_std;             ///< z_dim each
  bool is_residual = false;
  std::int64_t in_channels = 3;
  std::int64_t out_channels = 3;
  std::int64_t patch_size = 1;  ///< pixels that are packed into channels, along each side
  std::int64_t scale_factor_temporal = 4;
  std::int64_t scale_factor_spatial = 8;

  std::size_t stages() const { return dim_mult.size(); }
};

/// Mean and deviation of the 16 latent channels of Wan 2.1's VAE; the class's defaults.
const std::vector<double>& wan21_mean();
const std::vector<double>& wan21_std();

/// The shortcuts of the residual form fold pixels into channels, or spread channels over pixels, by whole
/// factors. Where dim_mult does not allow this, the text says what it would have to be; else it is empty.
std::string shortcut_problem(const VaeConfig& config);

/// Reads `path`. A key that is absent or null takes its default. Throws Error: no_input, data (not a Wan
/// VAE, a value of the wrong type or out of range, or values that contradict each other).
VaeConfig read_vae_config(const std::filesystem::path& path);

}  // namespace sora::wan
