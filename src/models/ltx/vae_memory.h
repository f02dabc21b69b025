// The memory that decoding with an LTX-Video autoencoder needs, calculated from its config. No tensors.
#pragma once

#include <cstdint>

#include "models/ltx/vae_config.h"

namespace sora::ltx {

/// A layer takes as many frames at once as have at most this many elements (32 MB), but at least one: many
/// have less overhead, few need less memory.
constexpr std::int64_t max_chunk_elements = std::int64_t{8} << 20;

/// Peak bytes of the decoder besides its weights, for a video of height x width pixels and any number of
/// frames: what each layer keeps from call to call, and the work of the largest layer.
std::uint64_t decoder_bytes(const VaeConfig& config, std::int64_t height, std::int64_t width, bool on_cpu);

}  // namespace sora::ltx
