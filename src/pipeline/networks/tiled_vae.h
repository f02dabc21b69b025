// Runs the VAE on pictures that are too large for it as a whole: in overlapping tiles, each with its own
// stream in time, blended where they overlap.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "models/networks/video_autoencoder.h"
#include "plan/geometry/tiles.h"

namespace sora {

/// Rows and columns of a tile in latent cells; none: the whole picture at once.
using VaeTiling = std::optional<Tiling>;

/// A part of a video: `count` frames from `first` on, cropped to rows top .. top + height - 1 and columns
/// left .. left + width - 1.
struct FramePart {
  std::int64_t first = 0, count = 0;
  std::int64_t top = 0, height = 0;
  std::int64_t left = 0, width = 0;
};

/// Returns parts of a video as the VAE takes them, [1, 3, count, height, width] in [-1, 1].
using FrameParts = std::function<at::Tensor(const FramePart&)>;

/// Latents [1, C, t, H / s, W / s] fp32, on the autoencoder's device, of a video of `frames` frames (1 + 4 k)
/// of H x W.
at::Tensor encode_parts(const VideoAutoencoder& vae, const FrameParts& parts, std::int64_t frames,
                        std::int64_t height, std::int64_t width, const VaeTiling& tiling);

/// As vae.encode(), in tiles.
at::Tensor encode_in_tiles(const VideoAutoencoder& vae, const at::Tensor& video, const VaeTiling& tiling);

/// Decodes the latent frames of one clip in order. With tiles, the first call decodes the whole clip, tile
/// after tile, so that only one tile's caches are in memory at a time; the decoded frames are stored in half
/// precision, 6 bytes for each pixel of a frame.
class ClipDecoder {
 public:
  /// latents [1, C, T, h, w].
  ClipDecoder(const VideoAutoencoder& vae, at::Tensor latents, const VaeTiling& tiling);

  /// Latent frame number 0, 1, ... -> [1, 3, n, H, W] in [-1, 1]; n is 1 for the first one, then the
  /// autoencoder's temporal_scale().
  at::Tensor next();

  /// The clip goes on with these latent frames [1, C, t, h, w]; without tiles only, and for decoders that do
  /// not look ahead.
  void go_on(const at::Tensor& latents);

 private:
  void decode_all();
  at::Tensor decoded_frames(std::int64_t count);

  const VideoAutoencoder& vae_;
  at::Tensor latents_;
  VaeTiling tiling_;
  std::unique_ptr<DecoderStream> stream_;
  std::int64_t next_ = 0;
  std::int64_t fed_ = 0;  // latent frames that the stream has
  at::Tensor ahead_;      // [1, 3, n, H, W]: frames that the stream gave and nobody asked for yet
  at::Tensor decoded_;  // [1, 3, F, H, W] fp16, on the device if it is not too large; only with tiles
};

}  // namespace sora
