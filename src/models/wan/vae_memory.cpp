#include "models/wan/vae_memory.h"

#include <algorithm>

namespace sora::wan {
namespace {

constexpr std::int64_t cached_frames = 2;  // of a convolution's input, from the chunk before
// Of a residual block: its input, and the inputs of its two convolutions.
constexpr std::int64_t live_activations = 3;
constexpr std::int64_t tile_scratch = std::int64_t{8} << 20;  // floats; as in winograd.cpp

/// Floats of a causal convolution's kernels after Winograd's transform: 36 points, three taps in time.
std::int64_t kernel_scratch(std::int64_t in, std::int64_t out) { return std::int64_t{36} * 3 * in * out; }

/// Floats of the products of three taps for the frames that are convolved at once (max_tap_elements in
/// causal_conv3d.cpp), and of two passes over their sum.
std::int64_t tap_scratch(std::int64_t frames, std::int64_t pixels, std::int64_t out) {
  constexpr std::int64_t most = std::int64_t{16} << 20;
  const std::int64_t at_once = std::clamp<std::int64_t>(most / (3 * out * pixels), 1, frames);
  return (3 + 2) * at_once * pixels * out;
}

}  // namespace

std::uint64_t decoder_bytes(const VaeConfig& config, std::int64_t height, std::int64_t width, bool on_cpu) {
  // What a convolution needs beside the activations.
  const auto scratch = [&](std::int64_t frames, std::int64_t pixels, std::int64_t in, std::int64_t out) {
    return on_cpu ? kernel_scratch(in, out) : tap_scratch(frames, pixels, out);
  };
  std::int64_t pixels = height / config.scale_factor_spatial * (width / config.scale_factor_spatial);
  const std::size_t last = config.stages() - 1;
  std::int64_t dim = config.decoder_base_dim * config.dim_mult.back();
  std::int64_t cached = cached_frames * pixels * (config.z_dim + 4 * dim);  // conv_in and the middle block
  std::int64_t live = live_activations * pixels * dim + scratch(1, pixels, dim, dim);
  std::int64_t frames = 1, waiting = 0;  // frames of a chunk; floats of frames that wait for their turn
  const std::int64_t activations = live_activations + (config.is_residual ? 1 : 0);  // with the shortcut
  for (std::size_t i = 0; i <= last; ++i) {
    const std::int64_t out = config.decoder_base_dim * config.dim_mult[last - i];
    const std::int64_t convolutions = 2 * (config.num_res_blocks + 1);
    cached += cached_frames * pixels * (dim + (convolutions - 1) * out);
    const std::int64_t channels = on_cpu ? activations * std::max(dim, out)
                                         : 2 * dim + out + (config.is_residual && i < last ? dim : 0);
    live = std::max(live,
                    waiting + frames * pixels * channels + scratch(frames, pixels, std::max(dim, out), out));
    dim = out;
    if (i == last) break;
    const bool temporal = config.temperal_downsample[last - 1 - i];
    if (temporal) {
      cached += cached_frames * pixels * dim;
      frames *= 2;
    }
    const auto& flags = config.temperal_downsample;
    const bool is_last = std::find(flags.begin(), flags.end() - 1 - static_cast<std::ptrdiff_t>(i), true) ==
                         flags.end() - 1 - static_cast<std::ptrdiff_t>(i);
    if (temporal && is_last && 4 * frames * pixels * dim > max_chunk_elements) {
      waiting = (frames - 1) * pixels * dim;
      frames = 1;
    }
    pixels *= 4;
    dim = config.is_residual ? out : out / 2;
  }
  // The decoded frames, twice: before and after they are rearranged.
  const std::int64_t made = 2 * config.scale_factor_temporal * height * width * 3;
  return static_cast<std::uint64_t>(cached + live + (on_cpu ? tile_scratch : 0) + made) * sizeof(float);
}

std::uint64_t strip_bytes(const VaeConfig& config, std::int64_t height, std::int64_t width, int ranks,
                          int rank, bool first) {
  const std::int64_t rows = height / config.scale_factor_spatial;
  const std::int64_t own = rows / ranks + (rank < rows % ranks ? 1 : 0);
  std::int64_t columns = width / config.scale_factor_spatial;
  const std::size_t last = config.stages() - 1;
  std::int64_t dim = config.decoder_base_dim * config.dim_mult.back();
  std::int64_t border = columns * (config.z_dim + 4 * dim);  // conv_in and the middle block
  std::int64_t frames = 1;
  for (std::size_t i = 0; i <= last; ++i) {
    const std::int64_t out = config.decoder_base_dim * config.dim_mult[last - i];
    const std::int64_t convolutions = 2 * (config.num_res_blocks + 1);
    border += frames * columns * (dim + (convolutions - 1) * out);
    dim = out;
    if (i == last) break;
    if (config.temperal_downsample[last - 1 - i] && !first) frames *= 2;
    border += frames * columns * out;  // before space is doubled
    columns *= 2;
    if (!config.is_residual) dim = out / 2;
  }
  border += frames * columns * dim;  // conv_out
  const std::int64_t neighbours = (rank > 0 ? 1 : 0) + (rank + 1 < ranks ? 1 : 0);
  const std::int64_t attention = own * (width / config.scale_factor_spatial) * 2 * config.decoder_base_dim *
                                 config.dim_mult.back() * (ranks - 1);
  return static_cast<std::uint64_t>(neighbours * border + attention) * sizeof(float);
}

std::uint64_t strip_bytes(const VaeConfig& config, std::int64_t height, std::int64_t width, int ranks) {
  std::uint64_t bytes = 0;
  for (int rank = 0; rank < ranks; ++rank)
    bytes += strip_bytes(config, height, width, ranks, rank, /*first=*/false);
  return bytes;
}

}  // namespace sora::wan
