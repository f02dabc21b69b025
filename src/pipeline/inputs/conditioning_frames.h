// Latent frames of a window that are known: kept as they are while the others are denoised.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace sora {

struct ConditioningFrames {
  at::Tensor latents;  ///< [1, C, n, h, w] fp32 on the CPU, normalised; undefined: none are held
  std::vector<std::int64_t> frames;  ///< where each of the n stands in the window, rising

  std::vector<std::int64_t> guides;  ///< of these: denoised at last, as the others are (denoise/guide_frames.h)

  bool empty() const { return frames.empty(); }

  /// Holds `more` [1, C, m, h, w] at the window's frames first, first + 1, ..., after those held already.
  void add(const at::Tensor& more, std::int64_t first);
};

/// Puts `known` [1, C, n, h, w], such as the held latents or a noisy form of them, where they stand in
/// `latents` [1, C, T, h, w], in place.
void put_in_place(at::Tensor& latents, const ConditioningFrames& conditioning, const at::Tensor& known);

/// What stands in `latents` [1, C, T, h, w] where frames are held: [1, C, n, h, w].
at::Tensor frames_at(const at::Tensor& latents, const ConditioningFrames& conditioning);

}  // namespace sora
