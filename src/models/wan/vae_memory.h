// What decoding with the Wan VAE needs, counted from its config. No tensors.
#pragma once

#include <cstdint>

#include "models/wan/vae_config.h"

namespace sora::wan {

/// Where time is no longer (or not yet) halved, layers do not care how many frames come at once. Few at once
/// need less memory, many less to do beside the arithmetic; activations of more than this many elements
/// (32 MB) go frame by frame.
constexpr std::int64_t max_chunk_elements = std::int64_t{8} << 20;

/// Peak bytes that a decoder's stream takes beside the weights, for a video of height x width pixels and any
/// number of frames: the input frames that convolutions keep, the activations of the largest layer, and the
/// room for transformed kernels.
std::uint64_t decoder_bytes(const VaeConfig& config, std::int64_t height, std::int64_t width);

}  // namespace sora::wan
