#include "models/hunyuan/vae_memory.h"

#include <algorithm>

namespace sora::hunyuan {
namespace {

constexpr std::int64_t tile_side = 256;  // as in networks/vae.h
// Of a chunk at work: it and its padded copy, the products of three taps, the sum.
constexpr std::int64_t live_chunks = 8;

}  // namespace

std::uint64_t decoder_bytes(const VaeConfig& config, std::int64_t frames, std::int64_t height,
                            std::int64_t width) {
  const std::int64_t rows = std::min(height, tile_side), columns = std::min(width, tile_side);
  const std::int64_t narrow = config.block_out_channels[0], wide = config.block_out_channels[1];
  const std::int64_t pixels = rows * columns;
  // The last stage has two clips of its width; the one before it, at half the size, is narrower in all.
  const std::int64_t clips = 2 * frames * pixels * narrow + (frames / 2 + 1) * (pixels / 4) * wide;
  const std::int64_t chunk = std::max(pixels * wide, max_chunk_elements);
  const std::int64_t made = 3 * frames * height * width * 2;
  return static_cast<std::uint64_t>(clips + live_chunks * chunk + made) * sizeof(float);
}

}  // namespace sora::hunyuan
