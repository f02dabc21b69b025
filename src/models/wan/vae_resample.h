// Halving and doubling of space and time in the Wan VAE. Activations are [T, H, W, C] contiguous.
#pragma once

#include "checkpoint/weights.h"
#include "nn/causal_conv3d.h"

namespace sora::wan {

/// Doubles rows and columns, and frames where `temporal`, except that a stream's first frame stays one.
/// Wan 2.1's halves the channels on the way (out = dim / 2), Wan 2.2's keeps them.
class Upsampler {
 public:
  Upsampler(const Weights& w, std::int64_t dim, std::int64_t out, bool temporal);

  /// x [T, H, W, dim] -> [T or 2T, 2H, 2W, out]. `shortcut` [T, H, W, in], if defined, is the input of the
  /// residual form's block: its channels, each repeated, are spread over the new pixels (DupUp3D) and added.
  at::Tensor operator()(const at::Tensor& x, nn::StreamState& state, const at::Tensor& shortcut = {}) const;

 private:
  at::Tensor spread(const at::Tensor& x, std::int64_t phase, std::int64_t phases) const;

  at::Tensor phases_;  // [4 * out, dim, 2, 2]
  at::Tensor bias_;    // [4 * out]
  std::int64_t out_ = 0;
  bool temporal_ = false;
  nn::CausalConv3d time_conv_;  // where temporal
};

/// Halves rows and columns, and frames where `temporal`, except that a stream's first frame stays one.
class Downsampler {
 public:
  Downsampler(const Weights& w, std::int64_t dim, bool temporal);
  at::Tensor operator()(const at::Tensor& x, nn::StreamState& state) const;  ///< [T, H, W, dim]

 private:
  at::Tensor weight_, bias_;            // [dim, dim, 3, 3]
  at::Tensor time_weight_, time_bias_;  // [dim, dim * 3], where temporal
};

/// The residual form's shortcut around a down block (AvgDown3D): pixels folded into channels, and means of
/// groups of them. x [T, H, W, C] -> [T', H / space, W / space, out], time padded in front with zeros.
at::Tensor average_down(const at::Tensor& x, std::int64_t out, std::int64_t time, std::int64_t space);

}  // namespace sora::wan
