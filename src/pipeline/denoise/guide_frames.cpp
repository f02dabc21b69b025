#include "pipeline/denoise/guide_frames.h"

#include <algorithm>

namespace sora {
namespace {

constexpr double kReleased = 0.3;  // the noise level below which guide frames are denoised

}  // namespace

GuideFrames::GuideFrames(const ConditioningFrames& frames, const SchedulerConfig& config)
    : any_(false), prediction_(config.prediction_type), all_(frames) {
  // For other kinds of prediction lead_to_guides() would need the table of all noise levels; their guide
  // frames are not released.
  const bool known = prediction_ == PredictionType::flow_prediction || prediction_ == PredictionType::sample;
  const bool flows = known && config.use_flow_sigmas;
  for (std::size_t i = 0; i < frames.frames.size(); ++i) {
    const bool guide =
        std::find(frames.guides.begin(), frames.guides.end(), frames.frames[i]) != frames.guides.end();
    const at::Tensor latent = frames.latents.narrow(2, static_cast<std::int64_t>(i), 1);
    (guide && flows ? guides_ : kept_).add(latent, frames.frames[i]);
    any_ = any_ || (guide && flows);
  }
}

bool GuideFrames::released(const Scheduler& scheduler, int i) const {
  return any_ && scheduler.sigmas()[i].item<double>() < kReleased;
}

const ConditioningFrames& GuideFrames::conditioning(const Scheduler& scheduler, int i) const {
  return released(scheduler, i) ? kept_ : all_;
}

at::Tensor GuideFrames::lead_to_guides(const at::Tensor& noise_pred, const Scheduler& scheduler, int i,
                                       const at::Tensor& latents) const {
  if (!any_ || released(scheduler, i)) return noise_pred;
  // x = (1 - sigma) x0 + sigma noise, and the prediction is noise - x0 = (x - x0) / sigma.
  at::Tensor led = noise_pred.to(at::kFloat, false, true);
  if (prediction_ == PredictionType::sample) {  // the prediction is x0 itself
    put_in_place(led, guides_, guides_.latents);
    return led;
  }
  put_in_place(led, guides_, (frames_at(latents, guides_) - guides_.latents) / scheduler.sigmas()[i]);
  return led;
}

}  // namespace sora
