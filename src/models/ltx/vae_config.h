// vae/config.json of LTX-Video (diffusers' AutoencoderKLLTXVideo).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sora::ltx {

/// Halves frames, rows and columns where a factor is 2.
using Factors = std::array<std::int64_t, 3>;

/// A stage of the encoder: residual blocks, then a halving, then in the older encoder a block that widens.
struct EncoderStage {
  std::int64_t in = 0, out = 0;
  std::int64_t blocks = 1;
  bool halves = false;
  Factors factors{2, 2, 2};
};

/// A stage of the decoder: perhaps a block that narrows, then a doubling, then residual blocks.
struct DecoderStage {
  std::int64_t in = 0, out = 0;
  std::int64_t blocks = 1;
  bool doubles = false;
  bool residual = false;    ///< the doubling has a shortcut
  std::int64_t factor = 1;  ///< the doubling divides the channels by it
  bool injects_noise = false;
};

/// The layers that config.json describes, and what else it says.
struct VaeConfig {
  std::int64_t latent_channels = 128;
  std::int64_t patch_size = 4;  ///< pixels along a side that are packed into channels
  std::int64_t encoder_in = 0;  ///< width of the encoder's first convolution
  std::vector<EncoderStage> encoder;
  bool folds =
      false;  ///< 0.9.5 and later: halvings that fold pixels into channels; else strided convolutions
  std::int64_t encoder_mid_blocks = 1;
  std::int64_t decoder_in = 0;
  std::int64_t decoder_mid_blocks = 1;
  bool mid_injects_noise = false;
  std::vector<DecoderStage> decoder;
  bool decoder_causal = false;         ///< else its convolutions also see the following frame
  bool timestep_conditioning = false;  ///< the decoder takes a timestep
  double resnet_norm_eps = 1e-6;
  double scaling_factor = 1;
  std::int64_t spatial_scale = 32;  ///< pixels along a side of a latent cell
  std::int64_t temporal_scale = 8;  ///< frames of a latent frame
};

/// Reads config.json; absent keys have the defaults of the class in diffusers 0.42.1. Throws Error: no_input,
/// data (not an LTX-Video autoencoder, a value of the wrong type or out of range, a variant that no published
/// model has).
VaeConfig read_vae_config(const std::filesystem::path& path);

/// Sets the scales from the stages. Throws Error (data) with `source` where the decoder does not double what
/// the encoder halves.
void set_scales(VaeConfig& config, const std::string& source);

}  // namespace sora::ltx
