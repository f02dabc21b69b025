// The config and the weights of HunyuanVideo's autoencoder (diffusers' AutoencoderKLHunyuanVideo), from a
// folder or from one file. File headers only; no tensors.
#pragma once

#include <cstdint>
#include <vector>

#include "checkpoint/model_folder.h"

namespace sora::hunyuan {

struct VaeConfig {
  std::int64_t latent_channels = 16;
  std::vector<std::int64_t> block_out_channels{128, 256, 512, 512};
  std::int64_t layers_per_block = 2;
  std::int64_t norm_num_groups = 32;
  double scaling_factor = 0.476986;
  std::int64_t spatial_scale = 8;  ///< pixels along a side of a latent cell
  std::int64_t temporal_scale = 4;

  std::int64_t blocks() const { return static_cast<std::int64_t>(block_out_channels.size()); }
  /// Factors between block i of the encoder and the next; the decoder's block i doubles likewise.
  std::int64_t time_factor(std::int64_t i) const { return i + 3 >= blocks() && i + 1 < blocks() ? 2 : 1; }
  std::int64_t space_factor(std::int64_t i) const { return i < 3 ? 2 : 1; }
};

struct VaeFiles {
  VaeConfig config;
  Checkpoint checkpoint;  ///< with diffusers' names, which are those of the original files, too
};

/// Whether a checkpoint is such an autoencoder, by the names of its tensors.
bool is_hunyuan_vae(const Checkpoint& checkpoint);

/// A folder with config.json, or one file, whose config is seen from its shapes: groups of the norms cannot
/// be seen there, and are 32, or fewer where that does not divide the widths. Throws Error: no_input, data,
/// refused.
VaeFiles open_vae(const ComponentSource& source);

}  // namespace sora::hunyuan
