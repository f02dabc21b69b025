#include "models/ltx/vae_memory.h"

#include <algorithm>

namespace sora::ltx {
namespace {

// Frames that a residual block keeps: two inputs and the last one of each convolution, and two that wait to
// be added.
constexpr std::int64_t block_frames = 8;
constexpr std::int64_t doubling_frames = 5;
// Of a layer at work: its input, the inputs of two convolutions, its output.
constexpr std::int64_t live_activations = 4;
constexpr std::int64_t tile_scratch = std::int64_t{8} << 20;  // floats; as in winograd.cpp

/// Floats of a causal convolution's kernels after Winograd's transform: 36 points, three taps in time.
std::int64_t kernel_scratch(std::int64_t in, std::int64_t out) { return std::int64_t{36} * 3 * in * out; }

}  // namespace

std::uint64_t decoder_bytes(const VaeConfig& config, std::int64_t height, std::int64_t width, bool on_cpu) {
  std::int64_t pixels = height / config.spatial_scale * (width / config.spatial_scale);
  std::int64_t kept = 3 * pixels * config.latent_channels, live = 0;
  const auto work = [&](std::int64_t in, std::int64_t out) {
    const std::int64_t chunk = std::max(pixels * std::max(in, out), max_chunk_elements);
    live = std::max(live, live_activations * chunk + (on_cpu ? kernel_scratch(in, out) : 3 * chunk));
  };
  kept += config.decoder_mid_blocks * block_frames * pixels * config.decoder_in;
  work(config.decoder_in, config.decoder_in);
  for (const DecoderStage& stage : config.decoder) {
    if (stage.in != stage.out) kept += block_frames * pixels * std::max(stage.in, stage.out);
    if (stage.doubles) {
      kept += doubling_frames * pixels * stage.out * stage.factor;
      work(stage.out * stage.factor, 8 * stage.out);
      pixels *= 4;
    }
    kept += stage.blocks * block_frames * pixels * stage.out;
    work(stage.out, stage.out);
  }
  // The decoded frames of two latent frames, before and after they are rearranged.
  const std::int64_t made = 4 * config.temporal_scale * height * width * 3;
  return static_cast<std::uint64_t>(kept + live + (on_cpu ? tile_scratch : 0) + made) * sizeof(float);
}

}  // namespace sora::ltx
