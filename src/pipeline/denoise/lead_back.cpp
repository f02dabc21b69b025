#include "pipeline/denoise/lead_back.h"

#include <algorithm>
#include <cmath>

namespace sora {
namespace {

std::int64_t side(int draft, int crop, int made) {
  return std::clamp<std::int64_t>(std::llround(static_cast<double>(draft) * made / crop), 1, made);
}

}  // namespace

at::Tensor led_back(const at::Tensor& made, const at::Tensor& draft, const Plan& plan) {
  const std::int64_t height =
      side(plan.upscale.draft_height, plan.picture.crop_height, plan.picture.model_height);
  const std::int64_t width =
      side(plan.upscale.draft_width, plan.picture.crop_width, plan.picture.model_width);
  std::vector<at::Tensor> frames;
  for (std::int64_t i = 0; i < made.size(2); ++i) {  // one by one: they are large
    const at::Tensor frame = made.select(2, i);
    const at::Tensor apart = draft.select(2, i).to(frame.device()) - frame;             // [1, 3, H, W]
    const at::Tensor seen = at::_upsample_bicubic2d_aa(apart, {height, width}, false);  // antialiased
    frames.push_back(at::upsample_bicubic2d(seen, frame.sizes().slice(2), false).add_(frame).clamp_(-1, 1));
  }
  return at::stack(frames, 2);
}

}  // namespace sora
