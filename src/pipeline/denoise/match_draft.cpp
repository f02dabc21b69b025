#include "pipeline/denoise/match_draft.h"

#include <algorithm>
#include <cmath>

namespace sora {
namespace {

std::int64_t side(int draft, int crop, int made) {
  return std::clamp<std::int64_t>(std::llround(static_cast<double>(draft) * made / crop), 1, made);
}

}  // namespace

at::Tensor matched_to_draft(const at::Tensor& made, const at::Tensor& draft, const Plan& plan) {
  const std::int64_t height =
      side(plan.upscale.draft_height, plan.picture.crop_height, plan.picture.model_height);
  const std::int64_t width =
      side(plan.upscale.draft_width, plan.picture.crop_width, plan.picture.model_width);
  std::vector<at::Tensor> frames;
  for (std::int64_t i = 0; i < made.size(2); ++i) {  // one by one, since frames are large
    const at::Tensor frame = made.select(2, i);
    const at::Tensor difference = draft.select(2, i).to(frame.device()) - frame;  // [1, 3, H, W]
    const at::Tensor reduced = at::_upsample_bicubic2d_aa(difference, {height, width}, false);  // antialiased
    frames.push_back(
        at::upsample_bicubic2d(reduced, frame.sizes().slice(2), false).add_(frame).clamp_(-1, 1));
  }
  return at::stack(frames, 2);
}

}  // namespace sora
