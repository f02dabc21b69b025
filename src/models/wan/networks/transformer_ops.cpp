#include "models/wan/networks/transformer_ops.h"

#include "models/wan/networks/rotary.h"

namespace sora::wan {
namespace {

/// [B, L, dim] -> [B, G, L / G, dim]
at::Tensor in_groups(const at::Tensor& x, std::int64_t groups) { return x.unflatten(1, {groups, -1}); }

}  // namespace

at::Tensor modulated_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps) {
  const at::Tensor normed = at::layer_norm(x.to(at::kFloat), {x.size(-1)}, {}, {}, eps);  // [B, L, dim]
  return at::addcmul(shift.unsqueeze(2), in_groups(normed, scale.size(1)), (scale + 1).unsqueeze(2))
      .flatten(1, 2)
      .to(x.scalar_type());  // [B, L, dim]
}

void add_gated(at::Tensor& x, const at::Tensor& y, const at::Tensor& gate) {
  at::Tensor stream = in_groups(x, gate.size(1));        // [B, G, L / G, dim]
  const at::Tensor branch = in_groups(y, gate.size(1));  // [B, G, L / G, dim]
  if (x.scalar_type() == at::kFloat) {
    stream.addcmul_(branch, gate.unsqueeze(2));
  } else {
    stream.copy_(at::addcmul(stream.to(at::kFloat), branch.to(at::kFloat), gate.unsqueeze(2)));
  }
}

at::Tensor norm_and_rotate(const at::Tensor& x, const at::Tensor& weight, double eps, std::int64_t heads,
                           const at::Tensor& table) {
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor scale = at::rsqrt(wide.square().mean(-1, /*keepdim=*/true).add_(eps));  // [B, L, 1]
  const at::Tensor normed =
      wide.mul(scale).mul_(weight).to(x.scalar_type()).unflatten(-1, {heads, -1});  // [B, L, heads, d]
  return table.defined() ? apply_rotary(normed, table) : normed;
}

at::Tensor gelu_tanh_(at::Tensor x) { return at::gelu_(x, "tanh"); }

}  // namespace sora::wan
