// The passes between the convolutions of a video autoencoder. Activations are [T, H, W, C] contiguous: a
// channels-last batch of frames, in which the channels of a pixel lie side by side. On a CPU in fp32 each
// pass is one sweep over its operands; elsewhere it is composed of ATen's operations.
#pragma once

#include <ATen/ATen.h>

namespace sora::nn {

/// Steps for each pixel after the sum; an undefined tensor leaves its step out.
struct PixelEpilogue {
  at::Tensor residual = {};    ///< [T, H, W, C], added
  at::Tensor gamma = {};       ///< [C]: x / max(|x|_2, 1e-12) * sqrt(C) * gamma, as F.normalize
  bool silu = false;           ///< only after the norm
  bool into_residual = false;  ///< the result may overwrite the residual
};

/// F.normalize over the channels times sqrt(C) * gamma, then SiLU if asked for. x [T, H, W, C].
at::Tensor channel_norm(const at::Tensor& x, const at::Tensor& gamma, bool silu);

/// silu(x * rsqrt(mean(x^2) + eps) * gain + shift), the mean over the channels. x [T, H, W, C]; gain and
/// shift [C], or undefined: one and zero.
at::Tensor rms_norm_silu(const at::Tensor& x, const at::Tensor& gain, const at::Tensor& shift, double eps);

/// Sums the products of a causal convolution's time taps: out[t] = bias + sum over k of
/// taps[t - k, tap K-1-k], then the epilogue.
/// taps [T, H, W, K, C] with the oldest tap first, K = 3, or 1 where there are no older frames.
/// history [2, H, W, C], the share of past frames in frames 0 and 1; undefined: none. out [T, H, W, C].
void sum_taps(const at::Tensor& taps, const at::Tensor& bias, const at::Tensor& history,
              const PixelEpilogue& epilogue, at::Tensor& out);

/// The composed forms, for any device and type.
namespace composed {
at::Tensor channel_norm(const at::Tensor& x, const at::Tensor& gamma, bool silu);
at::Tensor rms_norm_silu(const at::Tensor& x, const at::Tensor& gain, const at::Tensor& shift, double eps);
void sum_taps(const at::Tensor& taps, const at::Tensor& bias, const at::Tensor& history,
              const PixelEpilogue& epilogue, at::Tensor& out);
}  // namespace composed

}  // namespace sora::nn
