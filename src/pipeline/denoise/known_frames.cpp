#include "pipeline/denoise/known_frames.h"

namespace sora {

KnownFrames known_frames(const Plan& plan, std::size_t number, const WindowConditioning& conditioning) {
  KnownFrames known;
  const Request& request = plan.request;
  if (plan.upscale.active) return known;  // its frames are those of the smaller video, noised
  const Window& window = plan.timeline.windows[number];
  if (number == 0 && request.image) {
    known.start = image_frame(plan, *request.image);
  } else if (window.conditioning > 0) {
    known.start = conditioning.preceding_frames(window);
  }
  if (number + 1 < plan.timeline.windows.size() || window.conditioning_end == 0) return known;
  const at::Tensor& clip = conditioning.inputs().clip_after.frames;
  if (request.last_image) {
    known.end = image_frame(plan, *request.last_image);
  } else if (clip.defined()) {
    known.end = clip;
  }
  return known;
}

}  // namespace sora
