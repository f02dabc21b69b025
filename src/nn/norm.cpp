#include "nn/norm.h"

namespace sora::nn {

at::Tensor RmsNorm::operator()(const at::Tensor& x) const {
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor scale = at::rsqrt(wide.square().mean(-1, /*keepdim=*/true).add_(eps));  // [..., 1]
  return wide.mul(scale).mul_(weight).to(x.scalar_type());
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x.to(at::kFloat), {dim}, weight, bias, eps).to(x.scalar_type());
}

}  // namespace sora::nn
