#include "pipeline/frames.h"

#include <cmath>

namespace sora {

at::Tensor to_pixels(const at::Tensor& chunk) {
  return chunk.to(at::kCPU, at::kFloat)
      .mul(0.5)
      .add_(0.5)
      .clamp_(0, 1)  // [1, 3, n, H, W]
      .squeeze(0)
      .permute({1, 2, 3, 0})
      .contiguous();  // [n, H, W, 3]
}

std::int64_t FrameSink::source_of(std::int64_t frame) const {
  return std::llround(static_cast<double>(frame) / plan_.fps * plan_.model_fps);
}

at::Tensor cropped_bytes(const at::Tensor& pixels, const Plan& plan) {
  const std::int64_t top = (plan.model_height - plan.crop_height) / 2;
  const std::int64_t left = (plan.model_width - plan.crop_width) / 2;
  return pixels.narrow(1, top, plan.crop_height)
      .narrow(2, left, plan.crop_width)
      .mul(255)
      .round_()
      .to(at::kByte)
      .contiguous();
}

void FrameSink::push(const at::Tensor& pixels) {
  const at::Tensor rgb = cropped_bytes(pixels, plan_);
  for (std::int64_t i = 0; i < rgb.size(0); ++i, ++seen_) {
    while (!complete() && source_of(written_) == seen_) {
      writer_.write(rgb[i].const_data_ptr<std::uint8_t>(), rgb.stride(1));
      ++written_;
    }
  }
}

}  // namespace sora
