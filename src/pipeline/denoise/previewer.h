// Looks at a run's latents on the way: what the last prediction points to, as a small picture.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>

#include "models/networks/video_autoencoder.h"
#include "sora/plan.h"
#include "sora/progress.h"

namespace sora {

/// Spends a tenth of the time since its making at most: the first picture is measured, and the others are
/// spaced by what it took. A picture is one latent frame decoded on its own, or three of them side by side
/// (the first, middle and last) where that is cheap.
class Previewer {
 public:
  /// `clock` gives seconds since any moment; by default it is the steady clock.
  Previewer(const Plan& plan, const VideoAutoencoder& vae, const PreviewSink& sink,
            std::function<double()> clock = {});

  /// A step's prediction is there. clean() gives latents [1, C, T, h, w], of which the first `held` and the
  /// last `conditioning_end` frames are not looked at. Call it once a step.
  void offer(const std::function<at::Tensor()>& clean, std::int64_t conditioning,
             std::int64_t conditioning_end = 0);

  double seconds() const { return spent_; }  ///< that previews took

 private:
  bool is_time() const;
  bool three_are_cheap() const;
  void show(const at::Tensor& latents, std::int64_t conditioning, std::int64_t conditioning_end);

  const Plan& plan_;
  const VideoAutoencoder& vae_;
  const PreviewSink& sink_;
  std::function<double()> clock_;
  double start_;
  double shown_ = 0;  // when the last one was
  int step_ = 0;
  int steps_;
  double spent_ = 0;  // seconds, of all previews
  double cost_ = 0;   // seconds, of one latent frame; 0 before the first
};

}  // namespace sora
