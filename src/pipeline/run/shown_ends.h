// The first and the last frames that a video shows, collected while its windows are decoded, for the ends of
// its kept latents (Note [Kept latents] in plan/kept_latents.h).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "models/networks/video_autoencoder.h"
#include "sora/plan.h"

namespace sora {

class ShownEnds {
 public:
  ShownEnds(const Plan& plan, const VideoAutoencoder& vae);

  /// The next frames, as they are decoded: [1, 3, n, H, W] in [-1, 1]. Frames that the file does not show are
  /// dropped.
  void add(const at::Tensor& chunk);

  bool empty() const { return !last_.defined(); }
  /// The frames that latents at the end and at the start of the video stand for. A shorter video's first or
  /// last frame is repeated.
  at::Tensor last() const;   ///< [1, 3, 1 + s, H, W]
  at::Tensor first() const;  ///< [1, 3, s, H, W]

 private:
  std::int64_t first_frames_, last_frames_;
  std::int64_t skipped_ = 0;  // frames that are made before the first one that the file shows
  std::int64_t shown_ = 0;    // frames that the file shows after these
  std::int64_t seen_ = 0;
  at::Tensor first_, last_;
};

}  // namespace sora
