#include "plan/verbs/file_frames.h"

#include <algorithm>
#include <cmath>

#include "plan/verbs/verb.h"

namespace sora {

std::int64_t clip_frames(const InputFacts& clip, double fps) {
  const bool as_they_are = clip.frames > 0 && clip.steady_rate && std::abs(clip.fps - fps) < 1e-6;
  return as_they_are ? clip.frames : std::llround(std::max(0.0, clip.duration) * fps);
}

std::int64_t file_frames(const Plan& plan) {
  std::int64_t frames = plan.timeline.frames;
  if (plan.request.only_new || !adds_to_clip(plan.request)) return frames;
  if (plan.inputs.video) frames += clip_frames(*plan.inputs.video, plan.timeline.fps);
  if (plan.inputs.video_2) frames += clip_frames(*plan.inputs.video_2, plan.timeline.fps);
  return frames;
}

}  // namespace sora
