#include "nn/norm.h"

#include "nn/cuda/fused_ops.h"

namespace sora::nn {

at::Tensor RmsNorm::operator()(const at::Tensor& x) const {
  const auto composed = [&] {
    const at::Tensor wide = x.to(at::kFloat);
    const at::Tensor scale = at::rsqrt(wide.square().mean(-1, /*keepdim=*/true).add_(eps));  // [..., 1]
    return wide.mul(scale).mul_(weight).to(x.scalar_type());
  };
  at::Tensor out;
  return cuda::norm_rotate(x, weight, eps, /*heads=*/1, {}, out, composed) ? out : composed();
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  const auto composed = [&] {
    return at::layer_norm(x.to(at::kFloat), {dim}, weight, bias, eps).to(x.scalar_type());
  };
  at::Tensor out;
  return cuda::modulated_norm(x, weight, bias, /*scale_offset=*/0, eps, out, composed) ? out : composed();
}

}  // namespace sora::nn
