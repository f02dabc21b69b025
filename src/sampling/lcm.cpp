#include "sampling/lcm.h"

namespace sora {

at::Tensor Lcm::advance(const at::Tensor& noise_pred, int i, const at::Tensor& sample) {
  const at::Tensor x0 = predict_x0(noise_pred, i, sample);
  if (i == steps() - 1) return x0;
  return (1 - sigma(i + 1)) * x0 + sigma(i + 1) * fresh_noise(i);
}

}  // namespace sora
