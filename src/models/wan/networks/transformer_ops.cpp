#include "models/wan/networks/transformer_ops.h"

#include "models/wan/networks/rotary.h"
#include "nn/cuda/fused_ops.h"

namespace sora::wan {
namespace {

/// [B, L, dim] -> [B, G, L / G, dim]
at::Tensor in_groups(const at::Tensor& x, std::int64_t groups) { return x.unflatten(1, {groups, -1}); }

}  // namespace

at::Tensor modulated_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps) {
  const auto composed = [&] {
    const at::Tensor normed = at::layer_norm(x.to(at::kFloat), {x.size(-1)}, {}, {}, eps);  // [B, L, dim]
    return at::addcmul(shift.unsqueeze(2), in_groups(normed, scale.size(1)), (scale + 1).unsqueeze(2))
        .flatten(1, 2)
        .to(x.scalar_type());  // [B, L, dim]
  };
  at::Tensor out;
  return nn::cuda::modulated_norm(x, scale, shift, /*scale_offset=*/1, eps, out, composed) ? out : composed();
}

void add_gated(at::Tensor& x, const at::Tensor& y, const at::Tensor& gate) {
  const auto composed = [&] {
    const at::Tensor stream = in_groups(x, gate.size(1)).to(at::kFloat);  // [B, G, L / G, dim]
    const at::Tensor branch = in_groups(y, gate.size(1)).to(at::kFloat);  // [B, G, L / G, dim]
    return at::addcmul(stream, branch, gate.unsqueeze(2)).flatten(1, 2);  // [B, L, dim]
  };
  if (nn::cuda::add_gated(x, y, gate, composed)) return;
  if (x.scalar_type() == at::kFloat) {
    in_groups(x, gate.size(1)).addcmul_(in_groups(y, gate.size(1)), gate.unsqueeze(2));
  } else {
    x.copy_(composed());
  }
}

at::Tensor norm_and_rotate(const at::Tensor& x, const at::Tensor& weight, double eps, std::int64_t heads,
                           const at::Tensor& table) {
  const auto composed = [&] {
    const at::Tensor wide = x.to(at::kFloat);
    const at::Tensor scale = at::rsqrt(wide.square().mean(-1, /*keepdim=*/true).add_(eps));  // [B, L, 1]
    const at::Tensor normed =
        wide.mul(scale).mul_(weight).to(x.scalar_type()).unflatten(-1, {heads, -1});  // [B, L, heads, d]
    return table.defined() ? apply_rotary(normed, table) : normed;
  };
  at::Tensor out;
  if (!nn::cuda::norm_rotate(x, weight, eps, heads, table, out, composed)) return composed();
  return out.unflatten(-1, {heads, -1});  // [B, L, heads, d]
}

at::Tensor gelu_tanh_(at::Tensor x) { return at::gelu_(x, "tanh"); }

}  // namespace sora::wan
