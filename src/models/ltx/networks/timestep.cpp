#include "models/ltx/networks/timestep.h"

#include <cmath>

namespace sora::ltx {

at::Tensor sinusoidal_embedding(const at::Tensor& timestep) {
  constexpr std::int64_t half = kTimestepChannels / 2;
  const at::Tensor frequency = at::arange(half, timestep.options().dtype(at::kFloat))
                                   .mul_(-std::log(10000.0))
                                   .div_(static_cast<double>(half))
                                   .exp_();
  const at::Tensor angle = timestep.to(at::kFloat).unsqueeze(-1) * frequency;  // [n, 128]
  return at::cat({angle.cos(), angle.sin()}, -1);
}

nn::Linear full_precision(const Weights& w, std::int64_t in, std::int64_t out) {
  nn::Linear linear;
  linear.weight = w.get("weight", {out, in}, Precision::full);
  linear.bias = w.get("bias", {out}, Precision::full);
  return linear;
}

}  // namespace sora::ltx
