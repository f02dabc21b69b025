// 3x3 convolutions of pictures, on a CPU 2.3 to 3.2 times as fast as ATen's, which are at the machine's
// ceiling: Winograd's F(4x4, 3x3), Note [Winograd] in winograd_tiles.h. Several pictures, each with a kernel
// of its own, may make one result: the time taps of a causal convolution, which are joined along the channels
// of the product. Our own, since what libtorch takes is the slower one.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "nn/cpu/pixel_ops.h"

namespace sora::nn {

/// Room that convolutions use one after another. It follows their needs both ways: the kernels of the
/// smallest pictures are the largest, and must not be kept beside the largest pictures.
class Workspace {
 public:
  /// At least `count` floats, valid until the next call for the same purpose.
  float* kernels(std::int64_t count) { return room(kernels_, count); }
  float* tiles(std::int64_t count) { return room(tiles_, count); }

 private:
  static float* room(at::Tensor& held, std::int64_t count);
  at::Tensor kernels_, tiles_;
};

/// Whether the fast form can be used: fp32 on a CPU.
bool winograd_runs_on(const at::Tensor& x);

/// Kernels [taps, in, 3, 3] -> out of a convolution, transformed, in a workspace. They are four times as
/// large as they were and cost some 25 tiles' worth of products to make, so they are made where they are
/// used.
class WinogradKernels {
 public:
  /// weight [in, 3, 3, taps, out] contiguous, fp32; taps first_tap and later are made ready.
  WinogradKernels(const at::Tensor& weight, std::int64_t first_tap, Workspace& workspace);

  /// Sums over the given pictures, oldest first, of which the last one belongs to the last tap; then the
  /// bias and the epilogue (pixel_ops.h). pictures [H, W, in], residual and out [H, W, out]; out may be the
  /// residual. `doubled`: each pixel of the pictures stands for 2x2, and out is [2H, 2W, out].
  void convolve(const std::vector<at::Tensor>& pictures, bool doubled, const at::Tensor& bias,
                const PixelEpilogue& epilogue, at::Tensor& out, Workspace& workspace) const;

 private:
  std::int64_t panels() const { return (out_ + 15) / 16; }
  std::int64_t panel_columns(std::int64_t panel) const { return out_ - 16 * panel <= 8 ? 8 : 16; }

  std::int64_t in_ = 0, out_ = 0;
  std::int64_t padded_in_ = 0;  // a multiple of eight
  std::int64_t taps_ = 0;
  std::int64_t stride_ = 0;      // floats from one of the 36 points to the next
  const float* data_ = nullptr;  // [36][panel][taps * padded_in][16 or 8]
};

}  // namespace sora::nn
