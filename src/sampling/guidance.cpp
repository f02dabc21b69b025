#include "sampling/guidance.h"

namespace sora {

int Guidance::expert(double timestep) const {
  if (!boundary_ratio) return 0;
  // Compared in float32, as PyTorch compares a timestep tensor with a Python number.
  const auto boundary = static_cast<float>(*boundary_ratio * static_cast<double>(num_train_timesteps));
  return static_cast<float>(timestep) >= boundary ? 0 : 1;
}

bool guidance_pauses(int step) { return step >= 10 && step % 2 != 0; }

at::Tensor image_scales(double scale, int step, int steps, std::int64_t frames) {
  const double left = at::linspace(scale, 1, steps + 1, at::kFloat)[step].item<double>();
  return at::linspace(1, left, frames, at::kFloat);
}

at::Tensor guided_to_image(const at::Tensor& guided_pred, const at::Tensor& uncond, const at::Tensor& unseen,
                           const at::Tensor& scales) {
  const at::Tensor from = unseen.to(at::kFloat), seen = uncond.to(at::kFloat);
  return guided_pred.to(at::kFloat) + (scales.view({1, 1, -1, 1, 1}) - 1) * (seen - from);
}

at::Tensor guided(const at::Tensor& cond, const at::Tensor& uncond, double scale) {
  const at::Tensor from = uncond.to(at::kFloat);
  return from + scale * (cond.to(at::kFloat) - from);
}

}  // namespace sora
