// The memory that decoding with HunyuanVideo's autoencoder needs, calculated from its config. No tensors.
#pragma once

#include <cstdint>

#include "models/hunyuan/vae_config.h"

namespace sora::hunyuan {

/// A layer takes as many frames at once as have at most this many elements (32 MB), but at least one.
constexpr std::int64_t max_chunk_elements = std::int64_t{8} << 20;

/// Peak bytes of the decoder besides its weights, for a clip of `frames` frames of height x width pixels: two
/// whole clips of the largest layer of a tile, the work on a chunk, and the decoded frames.
std::uint64_t decoder_bytes(const VaeConfig& config, std::int64_t frames, std::int64_t height,
                            std::int64_t width);

}  // namespace sora::hunyuan
