// Previews during a run: the clean latents that the last prediction implies, as a small picture.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "media/rgb_picture.h"
#include "models/networks/video_autoencoder.h"
#include "sora/plan.h"
#include "sora/progress.h"

namespace sora {

/// Uses at most a tenth of the time since it was created: it measures the first preview and spaces the others
/// accordingly. A preview is one latent frame decoded on its own, or three of them side by side
/// (the first, middle and last) where that is cheap; with a tiny decoder the window as a video, where that is
/// cheap.
class Previewer {
 public:
  /// `clock` returns seconds since some moment; by default it is the steady clock.
  Previewer(const Plan& plan, const VideoAutoencoder& vae, const VideoAutoencoder* tiny,
            const PreviewSink& sink, std::function<double()> clock = {});

  /// Call it once after each step's prediction. clean() returns latents [1, C, T, h, w], whose first
  /// `conditioning` and last `conditioning_end` frames are not shown.
  void offer(const std::function<at::Tensor()>& clean, std::int64_t conditioning,
             std::int64_t conditioning_end = 0);

  double seconds() const { return spent_; }  ///< spent on previews

 private:
  bool is_time() const;
  bool are_cheap(std::int64_t count) const;
  std::int64_t usual_count() const;
  void show(const at::Tensor& latents, std::int64_t conditioning, std::int64_t conditioning_end);
  std::vector<RgbPicture> pictures_of(const at::Tensor& latents) const;

  const Plan& plan_;
  const VideoAutoencoder& vae_;
  const bool in_motion_;
  const PreviewSink& sink_;
  std::function<double()> clock_;
  double start_;
  double shown_ = 0;  // time of the last preview
  int step_ = 0;
  int steps_;
  double spent_ = 0;  // seconds, of all previews
  double cost_ = 0;   // seconds, of one latent frame; 0 before the first
  std::int64_t longest_ = 1;  // latent frames of a window
};

}  // namespace sora
