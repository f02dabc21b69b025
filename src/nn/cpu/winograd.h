// 3x3 convolutions of pictures on a CPU by Winograd's F(4x4, 3x3), Note [Winograd] in winograd_tiles.h: 2.3
// to 3.2 times as fast as ATen's direct convolution, which already runs at the machine's peak. Several
// pictures, each with its own kernel, may be summed into one result: the time taps of a causal convolution,
// whose channels are concatenated in the product.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "nn/cpu/pixel_ops.h"

namespace sora::nn {

/// Scratch memory that convolutions use one after another. It shrinks too: the smallest pictures have the
/// largest kernels, whose memory must not stay allocated beside that of the largest pictures.
class Workspace {
 public:
  /// At least `count` floats, valid until the next call for the same purpose.
  float* kernels(std::int64_t count) { return at_least(kernels_, count); }
  float* tiles(std::int64_t count) { return at_least(tiles_, count); }

 private:
  static float* at_least(at::Tensor& memory, std::int64_t count);
  at::Tensor kernels_, tiles_;
};

/// Whether it can be used: fp32 on a CPU.
bool winograd_runs_on(const at::Tensor& x);

/// The transformed kernels of a convolution, [taps, in, 3, 3] -> out, in a workspace. They are four times as
/// large as the plain ones, and cost as much as the products of some 25 tiles, so they are computed for each
/// use.
class WinogradKernels {
 public:
  /// weight [in, 3, 3, taps, out] contiguous, fp32; taps from first_tap on are transformed.
  WinogradKernels(const at::Tensor& weight, std::int64_t first_tap, Workspace& workspace);

  /// Convolves and sums `pictures`, oldest first, the last one with the last tap; then adds the bias and
  /// applies the epilogue (pixel_ops.h). pictures [H, W, in], residual and out [H, W, out]; out may be the
  /// residual. `doubled`: each pixel of the pictures stands for 2x2, and out is [2H, 2W, out]. Pictures
  /// [H + 2, W, in] have their borders above and below, in place of zeros (Note [Strips] in nn/strip.h).
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
