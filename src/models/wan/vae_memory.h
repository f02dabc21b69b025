// The memory that decoding with a Wan VAE needs, and what several ranks exchange for it, calculated from its
// config. No tensors.
#pragma once

#include <cstdint>

#include "models/wan/vae_config.h"

namespace sora::wan {

/// Layers at full frame rate can work on any number of frames at once: few need less memory, many have less
/// overhead. Where the activations of all frames of a chunk would have more elements than this (32 MB), these
/// layers work frame by frame.
constexpr std::int64_t max_chunk_elements = std::int64_t{8} << 20;

/// Peak bytes of the decoder besides its weights, for a video of height x width pixels and any number of
/// frames. On a CPU (Winograd's method): the convolutions' cached input frames, the activations of the
/// largest layer, and scratch for transformed kernels. Elsewhere (Note [Taps] in nn/causal_conv3d.h): cached
/// sums, the activations, and the products of the three taps before they are summed.
std::uint64_t decoder_bytes(const VaeConfig& config, std::int64_t height, std::int64_t width,
                            bool on_cpu = true);

/// Bytes that one of `ranks` ranks sends to the others within the decoder for a latent frame, or for a clip's
/// first one, where each has a strip of the rows (Note [Strips] in nn/strip.h): its borders, and the keys and
/// values of the middle block. Of a video of height x width pixels.
std::uint64_t strip_bytes(const VaeConfig& config, std::int64_t height, std::int64_t width, int ranks,
                          int rank, bool first);
/// The same of all ranks together, for a latent frame that is not the first.
std::uint64_t strip_bytes(const VaeConfig& config, std::int64_t height, std::int64_t width, int ranks);

}  // namespace sora::wan
