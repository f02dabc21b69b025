#include "sampling/euler.h"

namespace sora {

at::Tensor Euler::advance(const at::Tensor& noise_pred, int i, const at::Tensor& sample) {
  return sample + (sigma(i + 1) - sigma(i)) * noise_pred;
}

}  // namespace sora
