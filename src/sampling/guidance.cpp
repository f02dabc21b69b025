#include "sampling/guidance.h"

namespace sora {

int Guidance::expert(double timestep) const {
  if (!boundary_ratio) return 0;
  // Compared in float32, as PyTorch compares a timestep tensor with a Python number.
  const auto boundary = static_cast<float>(*boundary_ratio * static_cast<double>(num_train_timesteps));
  return static_cast<float>(timestep) >= boundary ? 0 : 1;
}

at::Tensor guided(const at::Tensor& cond, const at::Tensor& uncond, double scale) {
  const at::Tensor from = uncond.to(at::kFloat);
  return from + scale * (cond.to(at::kFloat) - from);
}

}  // namespace sora
