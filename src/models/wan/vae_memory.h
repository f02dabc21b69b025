// The memory for decoding with the Wan VAE, computed from its config. No tensors.
#pragma once

#include <cstdint>

#include "models/wan/vae_config.h"

namespace sora::wan {

/// Layers that do not change the number of frames can take any number of frames at once: fewer need less
/// memory, more have less overhead. Activations of more than this many elements (32 MB) are processed frame
/// by frame.
constexpr std::int64_t max_chunk_elements = std::int64_t{8} << 20;

/// Peak bytes that a decoder's stream takes beside the weights, for a video of height x width pixels and any
/// number of frames: the input frames that convolutions keep, the activations of the largest layer, and the
/// scratch memory of transformed kernels.
std::uint64_t decoder_bytes(const VaeConfig& config, std::int64_t height, std::int64_t width);

}  // namespace sora::wan
