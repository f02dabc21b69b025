// Conditioning frames: latent frames of a window that stay clean while the others are denoised.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace sora {

struct ConditioningFrames {
  at::Tensor latents;                ///< [1, C, n, h, w] fp32, normalised; undefined: there are none
  std::vector<std::int64_t> frames;  ///< their indices in the window, rising
  std::vector<std::int64_t>
      guides;  ///< those of `frames` that are clean in the first steps only (guide_frames.h)

  bool empty() const { return frames.empty(); }

  /// Adds `more` [1, C, m, h, w] at the indices first, first + 1, ..., which must follow those added before
  /// and be on their device.
  void add(const at::Tensor& more, std::int64_t first);

  /// Moves all of them on by `count` latent frames.
  void shift(std::int64_t count);

  /// The same with latents on `device`.
  ConditioningFrames on(at::Device device) const;
};

/// Overwrites the conditioning frames in `latents` [1, C, T, h, w] with `values` [1, C, n, h, w]: the clean
/// frames, or noised ones.
void put_in_place(at::Tensor& latents, const ConditioningFrames& conditioning, const at::Tensor& values);

/// The conditioning frames' part of `latents` [1, C, T, h, w]: [1, C, n, h, w].
at::Tensor frames_at(const at::Tensor& latents, const ConditioningFrames& conditioning);

}  // namespace sora
