// The passes between the matrix products of a transformer block, in fp32.
#pragma once

#include <ATen/ATen.h>

namespace sora::wan {

/// layer_norm(x) * (1 + scale) + shift. x [B, L, dim]; scale and shift [B, G, dim], fp32, each for L / G
/// consecutive tokens. The norm has no weights.
at::Tensor modulated_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps);

/// x += gate * y, in place, summed in fp32. x and y [B, L, dim], gate [B, G, dim].
void add_gated(at::Tensor& x, const at::Tensor& y, const at::Tensor& gate);

/// RMS norm over the whole last dimension, then the heads rotated by `table` (rotary.h) unless it is
/// undefined. x [B, L, heads * d], weight [heads * d] -> [B, L, heads, d].
at::Tensor norm_and_rotate(const at::Tensor& x, const at::Tensor& weight, double eps, std::int64_t heads,
                           const at::Tensor& table);

/// gelu in its tanh form; may overwrite x.
at::Tensor gelu_tanh_(at::Tensor x);

}  // namespace sora::wan
