// Causal 3-D convolution over a stream of frames: zero history before the first one, symmetric zero
// padding in space. Activations are [T, H, W, C] contiguous (pixel_ops.h).
//
// There are two ways. On a CPU, kernels of 3x3 go by Winograd's method (winograd.h), frame by frame, each
// from the last three inputs: a stream carries two input frames on.
//
// Note [Taps]: elsewhere a kernel of three time taps is one 2-D channels-last convolution that gives the
// products of all three taps side by side, each frame convolved once; the taps of neighbouring frames are
// then summed. A stream carries two frames of partial sums on. On a CPU this is how tiny pictures go, and
// layers of few outputs, whose sums are smaller than their inputs.
#pragma once

#include <deque>
#include <vector>

#include "nn/cpu/pixel_ops.h"
#include "nn/cpu/winograd.h"
#include "weights/weights.h"

namespace sora::nn {

/// What one layer carries from chunk to chunk.
struct FrameHistory {
  at::Tensor sums;   ///< [2, H, W, C]: what past frames add to the next one and to the one after it
  at::Tensor frame;  ///< [1, H, W, C]: a past frame itself
  std::vector<at::Tensor> frames;  ///< [H, W, C] each: the last inputs, newest last, at most two
  bool started = false;            ///< for layers that pass a stream's first frame by
};

/// The histories of a network's layers, handed out in the order in which they run.
class StreamState {
 public:
  void rewind() { next_ = 0; }
  /// The place in that order, to return to when layers run for one frame after another.
  std::size_t place() const { return next_; }
  void rewind_to(std::size_t place) { next_ = place; }
  Workspace& workspace() { return workspace_; }
  FrameHistory& next() {
    if (next_ == histories_.size()) histories_.emplace_back();
    return histories_[next_++];
  }

 private:
  std::deque<FrameHistory> histories_;  // references stay valid while it grows
  std::size_t next_ = 0;
  Workspace workspace_;
};

/// Kernel [3, 3, 3]; weight [out, in, 3, 3, 3], bias [out].
class CausalConv3d {
 public:
  CausalConv3d() = default;
  CausalConv3d(const Weights& w, std::int64_t in, std::int64_t out);

  /// x [T, H, W, in] -> [T, H, W, out]; takes the stream's next history. x is kept by it, so it must not be
  /// written to later. The shapes of a stream's frames are all the same.
  at::Tensor operator()(const at::Tensor& x, StreamState& state, const PixelEpilogue& epilogue = {}) const;

 private:
  at::Tensor convolve(const at::Tensor& x, std::int64_t first_tap, std::int64_t count) const;
  void add_first_frame(FrameHistory& history) const;
  bool by_winograd(const at::Tensor& x) const;
  void run_winograd(const at::Tensor& x, FrameHistory& history, Workspace& workspace,
                    const PixelEpilogue& epilogue, at::Tensor& out) const;
  void run_taps(const at::Tensor& x, FrameHistory& history, const PixelEpilogue& epilogue,
                at::Tensor& out) const;

  at::Tensor taps_;     // [3 * out, in, 3, 3], oldest tap first; a view of the kernels where there are such
  at::Tensor kernels_;  // [in, 3, 3, 3, out], the taps last but one; on a CPU
  at::Tensor bias_;
  std::int64_t in_ = 0, out_ = 0;
};

/// The same convolution of a whole clip in one conv3d, to compare with.
/// x [T, H, W, in], weight [out, in, 3, 3, 3] -> [T, H, W, out].
at::Tensor causal_conv3d_reference(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// 2-D convolution of channels-last frames: x [T, H, W, in], weight [out, in, k, k] -> [T, H', W', out].
at::Tensor conv2d_frames(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                         std::int64_t stride, std::int64_t padding);

}  // namespace sora::nn
