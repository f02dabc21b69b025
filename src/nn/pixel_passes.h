// The passes between the convolutions of a video autoencoder on any device: by a CUDA kernel (nn/cuda), in
// one sweep on a CPU, or composed of ATen's operations (nn/cpu/pixel_ops.h).
#pragma once

#include "nn/cpu/pixel_ops.h"

namespace sora::nn {

/// channel_norm() of pixel_ops.h.
at::Tensor normalise_channels(const at::Tensor& x, const at::Tensor& gamma, bool silu);

/// sum_taps() of pixel_ops.h.
void sum_frames(const at::Tensor& taps, const at::Tensor& bias, const at::Tensor& history,
                const PixelEpilogue& epilogue, at::Tensor& out);

/// The same for three taps of a stream; returns the history of the frames that follow, [2, H, W, C].
at::Tensor sum_frames_of_stream(const at::Tensor& taps, const at::Tensor& bias, const at::Tensor& history,
                                const PixelEpilogue& epilogue, at::Tensor& out);

}  // namespace sora::nn
