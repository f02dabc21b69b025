// Passes over rows as CUDA kernels. Each function returns whether a kernel has done the work; where not
// (another device or type, shapes that no kernel is for, kernels switched off) the caller computes it with
// ATen, by the same form that it gives as `reference` (Note [Giving up] in launcher.h).
#pragma once

#include <ATen/ATen.h>

#include <functional>

namespace sora::nn::cuda {

using Reference = std::function<at::Tensor()>;

/// out = layer_norm(x) * (scale + scale_offset) + shift. x [B, L, dim] or [.., dim]; scale and shift [B, G,
/// dim] in fp32, each for L / G consecutive rows; or [dim]; or undefined. out: new, contiguous.
bool modulated_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                    double scale_offset, double eps, at::Tensor& out, const Reference& reference);

/// x += gate * y. x and y [B, L, dim] contiguous, gate [B, G, dim] in fp32. The reference does not change x.
bool add_gated(at::Tensor& x, const at::Tensor& y, const at::Tensor& gate, const Reference& reference);

/// RMS norm over the last dimension with weight [dim] in fp32, then the pairs of each of `heads` heads
/// rotated by `table`, complex64 [L, 1, dim / heads / 2], unless it is undefined. x [B, L, dim] or [.., dim];
/// out: new, contiguous, of x's shape.
bool norm_rotate(const at::Tensor& x, const at::Tensor& weight, double eps, std::int64_t heads,
                 const at::Tensor& table, at::Tensor& out, const Reference& reference);

/// channel_norm() of nn/cpu/pixel_ops.h.
bool channel_norm(const at::Tensor& x, const at::Tensor& gamma, bool silu, at::Tensor& out,
                  const Reference& reference);

/// The operands of sum_taps() of nn/cpu/pixel_ops.h; `out` exists and may be the residual.
struct TapSums {
  at::Tensor taps, bias, history, residual, gamma, out;
  bool silu = false;
  bool wants_next = false;  ///< also the history of the frames that follow, for three taps
};

/// `next` [2, H, W, C] is set where it is wanted. The reference gives the sums and, where wanted, the
/// history.
bool sum_taps(const TapSums& operands, at::Tensor& next,
              const std::function<std::vector<at::Tensor>()>& reference);

}  // namespace sora::nn::cuda
