// Guide frames: conditioning frames within a video that stand for an image which the video is to show.
//
// Note [Guides]
// Such a latent frame is that of a still: the image, four times. Kept clean to the end, it would come out as
// a jump and four equal frames. Therefore it is clean only while the noise level is high, where the other
// frames take their composition from it. Below the noise level kReleased it is denoised like the others, and
// becomes four frames that move towards the image. The small difference that remains is corrected after
// decoding: Note [Arrival].
#pragma once

#include <ATen/ATen.h>

#include "pipeline/inputs/conditioning_frames.h"
#include "sampling/config/scheduler_config.h"
#include "sampling/scheduler.h"

namespace sora {

class GuideFrames {
 public:
  GuideFrames(const ConditioningFrames& frames, const SchedulerConfig& config);

  /// The frames that are clean in step i: all, or all but the guides.
  const ConditioningFrames& conditioning(const Scheduler& scheduler, int i) const;

  /// The prediction of step i for `latents` [1, C, T, h, w]. At guide frames that are not released yet it is
  /// replaced by the one that leads to them, so that after the step they have its noise level.
  at::Tensor lead_to_guides(const at::Tensor& noise_pred, const Scheduler& scheduler, int i,
                            const at::Tensor& latents) const;

 private:
  bool released(const Scheduler& scheduler, int i) const;

  bool any_;
  PredictionType prediction_;
  ConditioningFrames all_, kept_, guides_;
};

}  // namespace sora
