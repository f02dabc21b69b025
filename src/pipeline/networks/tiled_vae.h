// The VAE over pictures that are too large for it at once: overlapping tiles in space, each a stream in time
// of its own, and blended where they overlap.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "models/networks/video_autoencoder.h"
#include "plan/geometry/tiles.h"

namespace sora {

/// Rows and columns of a tile in latent cells; nothing: all at once.
using VaeTiling = std::optional<Tiling>;

/// A part of a video: `count` frames from `first` on, and of them rows top .. top + height - 1 and columns
/// left .. left + width - 1.
struct FramePart {
  std::int64_t first = 0, count = 0;
  std::int64_t top = 0, height = 0;
  std::int64_t left = 0, width = 0;
};

/// Gives parts of a video as the VAE takes them, [1, 3, count, height, width] in [-1, 1].
using FrameParts = std::function<at::Tensor(const FramePart&)>;

/// Latents [1, C, t, H / s, W / s] fp32 on the CPU of a video of `frames` frames (1 + 4 k) of H x W.
at::Tensor encode_parts(const VideoAutoencoder& vae, const FrameParts& parts, std::int64_t frames,
                        std::int64_t height, std::int64_t width, const VaeTiling& tiling);

/// As vae.encode(), in tiles.
at::Tensor encode_in_tiles(const VideoAutoencoder& vae, const at::Tensor& video, const VaeTiling& tiling);

/// Latent frames of one clip, decoded in their order. In tiles the whole clip is decoded when the first is
/// asked for, tile after tile, so that the caches of one tile are in memory at a time; what is made is kept
/// in half precision, 6 bytes a pixel and frame.
class ClipDecoder {
 public:
  /// latents [1, C, T, h, w].
  ClipDecoder(const VideoAutoencoder& vae, at::Tensor latents, const VaeTiling& tiling);

  /// Latent frame number 0, 1, ... -> [1, 3, n, H, W] in [-1, 1], n as DecoderStream::next().
  at::Tensor next();

 private:
  void decode_all();

  const VideoAutoencoder& vae_;
  at::Tensor latents_;
  VaeTiling tiling_;
  std::unique_ptr<DecoderStream> stream_;
  std::int64_t next_ = 0;
  at::Tensor decoded_;  // [1, 3, F, H, W] fp16 on the CPU, in tiles alone
};

}  // namespace sora
