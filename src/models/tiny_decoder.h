// Tiny decoders (TAEHV, github.com/madebyollin/taehv; LightTAE): small networks that turn the latents of a large
// video autoencoder into frames. File headers only; no tensors.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

#include "checkpoint/checkpoint.h"

namespace sora::tiny {

/// Sizes of a decoder, from the shapes of its tensors.
struct Config {
  bool is_super = false;              ///< the larger one: depthwise convolutions, pixels shuffled
  std::int64_t latent_channels = 0;
  std::array<std::int64_t, 4> widths{};  ///< channels before, between and after the three stages
  std::int64_t patch = 1;             ///< pixels along a side that are packed into channels at the end
  std::array<std::int64_t, 3> strides{};  ///< by which each stage multiplies the frames
  std::array<std::int64_t, 3> stored_strides{};  ///< those that the file has weights for: the last are used
  bool takes_raw = false;  ///< latents as the large autoencoder's encoder gives them, and not normalised

  std::int64_t temporal_scale() const { return strides[0] * strides[1] * strides[2]; }
  std::int64_t spatial_scale() const { return 8 * patch; }
};

/// What the latents are, and the frames that they stand for.
struct Latents {
  std::int64_t channels = 0;
  std::int64_t temporal_scale = 4;
  std::int64_t spatial_scale = 8;
};

struct Files {
  Config config;
  Checkpoint checkpoint;  ///< the decoder's tensors alone; their names begin with "decoder."
};

/// Throws Error: no_input, refused (pickled weights), data (not a tiny decoder, or one for other latents).
Files open(const std::filesystem::path& file, const Latents& latents);

/// Bytes of memory in which a chunk of frames of this size is decoded, weights included; fp32.
std::int64_t decode_bytes(const Config& config, std::int64_t height, std::int64_t width);

}  // namespace sora::tiny
