// Halving and doubling of space and time in the Wan VAE. Activations are [T, H, W, C] contiguous.
#pragma once

#include "nn/causal_conv3d.h"
#include "weights/weights.h"

namespace sora::wan {

/// Doubles rows and columns, and with `temporal` also frames, except for a stream's first frame. Wan 2.1's
/// also halves the channels (out = dim / 2), Wan 2.2's does not.
class Upsampler {
 public:
  Upsampler(const Weights& w, std::int64_t dim, std::int64_t out, bool temporal);

  /// x [T, H, W, dim] -> [T or 2T, H, W, dim], the first half of the work. The stream keeps x.
  at::Tensor double_time(const at::Tensor& x, nn::StreamState& state) const;

  /// The second half: x [T, H, W, dim] -> [T, 2H, 2W, out].
  at::Tensor double_space(at::Tensor x, nn::StreamState& state) const;

  /// In the residual form, adds the shortcut to y [2H, 2W, out], frame number `frame` of the chunk after both
  /// halves. The shortcut is the block's input [T, H, W, in] with its channels repeated and spread over the
  /// new pixels (DupUp3D). `time` is how many frames double_time() made of one.
  void add_shortcut(const at::Tensor& y, const at::Tensor& shortcut, std::int64_t frame,
                    std::int64_t time) const;

 private:
  at::Tensor spread(const at::Tensor& x, std::int64_t phase, std::int64_t phases) const;

  at::Tensor kernels_;  // [dim, 3, 3, 1, out], on a CPU
  at::Tensor phases_;   // [4 * out, dim, 2, 2], elsewhere
  at::Tensor bias_;     // [out]
  std::int64_t out_ = 0;
  bool temporal_ = false;
  at::Tensor time_weight_;  // [tap, 2, dim, dim], where temporal; 2: for the even and the odd frame
  at::Tensor time_bias_;    // [2, dim]
};

/// Halves rows and columns, and with `temporal` also frames, except for a stream's first frame.
class Downsampler {
 public:
  Downsampler(const Weights& w, std::int64_t dim, bool temporal);
  at::Tensor operator()(const at::Tensor& x, nn::StreamState& state) const;  ///< [T, H, W, dim]

 private:
  at::Tensor weight_, bias_;            // [dim, dim, 3, 3]
  at::Tensor time_weight_, time_bias_;  // [dim, dim * 3], where temporal
};

/// What Upsampler computes by Winograd's method or with folded taps (Note [Upsampling]), in the plain way,
/// for tests: a 3x3 convolution, padded with zeros, of pictures whose pixels stand for 2x2. x [T, H, W, in],
/// weight [out, in, 3, 3] -> [T, 2H, 2W, out].
at::Tensor upsampling_reference(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// The residual form's shortcut around a down block (AvgDown3D): pixels folded into channels, and means of
/// groups of them. x [T, H, W, C] -> [T', H / space, W / space, out], with zeros before the first frame.
at::Tensor average_down(const at::Tensor& x, std::int64_t out, std::int64_t time, std::int64_t space);

}  // namespace sora::wan
