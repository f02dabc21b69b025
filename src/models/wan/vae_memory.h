// What decoding with the Wan VAE needs, counted from its config. No tensors.
#pragma once

#include <cstdint>

#include "models/wan/vae_config.h"

namespace sora::wan {

/// Peak bytes that a decoder's stream takes beside the weights, for a video of height x width pixels and any
/// number of frames: the input frames that convolutions keep, the activations of the largest layer, and the
/// room for transformed kernels.
std::uint64_t decoder_bytes(const VaeConfig& config, std::int64_t height, std::int64_t width);

}  // namespace sora::wan
