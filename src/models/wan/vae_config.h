// vae/config.json of the Wan models (diffusers' AutoencoderKLWan).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sora::wan {

/// Members have the names of config.json's keys (also the misspelt temperal_downsample) and the defaults of
/// the class in diffusers 0.42.1. is_residual is true for Wan 2.2 and false for 2.1.
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
  std::int64_t patch_size = 1;  ///< pixels along each side of a square that is packed into channels
  std::int64_t scale_factor_temporal = 4;
  std::int64_t scale_factor_spatial = 8;

  std::size_t stages() const { return dim_mult.size(); }
};

/// Mean and deviation of the 16 latent channels of Wan 2.1's VAE; the defaults of diffusers' class.
const std::vector<double>& wan21_mean();
const std::vector<double>& wan21_std();

/// With is_residual, shortcuts move pixels into channels (encoder) or channels into pixels (decoder), for
/// which the widths of neighbouring stages must fit. Returns what dim_mult would have to be where they do
/// not; else empty.
std::string shortcut_problem(const VaeConfig& config);

/// Reads config.json. A key that is absent or null has its default. Throws Error: no_input, data (not a Wan
/// VAE, a value of the wrong type or out of range, or values that contradict each other).
VaeConfig read_vae_config(const std::filesystem::path& path);

}  // namespace sora::wan
