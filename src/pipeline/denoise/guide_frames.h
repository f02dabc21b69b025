// Conditioning frames that show one picture four times, and that a video is to arrive at.
//
// Note [Guides]
// A latent frame of a video that moves is not one of a still. Kept clean to the end, the still would come out
// as a jump and three frames that stand. So it guides the others while the noise is high, where they take
// their composition; from kReleased on it is noised to that level like the others, and the network paints it
// with them, as four frames that arrive at the picture. What is lacking then is little: Note [Arrival].
#pragma once

#include <ATen/ATen.h>

#include "pipeline/inputs/conditioning_frames.h"
#include "sampling/config/scheduler_config.h"
#include "sampling/scheduler.h"

namespace sora {

class GuideFrames {
 public:
  GuideFrames(const ConditioningFrames& given, const SchedulerConfig& config);

  /// What is clean in step i: all, or all but the guides.
  const ConditioningFrames& conditioning(const Scheduler& scheduler, int i) const;

  /// The prediction of step i for `latents` [1, C, T, h, w]; at guides that are not released, the one that
  /// leads to them, so that they are noised to the level of the step at which they are.
  at::Tensor lead(const at::Tensor& noise_pred, const Scheduler& scheduler, int i,
                  const at::Tensor& latents) const;

 private:
  bool released(const Scheduler& scheduler, int i) const;

  bool any_;
  PredictionType prediction_;
  ConditioningFrames all_, kept_, guides_;
};

}  // namespace sora
