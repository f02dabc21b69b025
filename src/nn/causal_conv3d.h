// Causal 3-D convolution over a stream of frames: zero history before the first one, or copies of a frame;
// symmetric zero padding in space. Activations are [T, H, W, C] contiguous (pixel_ops.h).
//
// There are two methods. On a CPU, 3x3 kernels use Winograd's method (winograd.h), frame by frame, each from
// the last three inputs: the state of a stream is two input frames.
//
// Note [Taps]: elsewhere a kernel of three time taps is one 2-D channels-last convolution that gives the
// products of all three taps side by side, each frame convolved once; the taps of neighbouring frames are
// then summed. The state of a stream is two frames of partial sums. On a CPU this method serves tiny
// pictures, and layers with few outputs, whose sums are smaller than their inputs.
#pragma once

#include <deque>
#include <vector>

#include "nn/cpu/pixel_ops.h"
#include "nn/cpu/winograd.h"
#include "nn/strip.h"
#include "weights/weights.h"

namespace sora::nn {

/// State of one layer between chunks.
struct FrameHistory {
  at::Tensor sums;   ///< [2, H, W, C]: the share of past frames in the next output and in the one after
  at::Tensor frame;  ///< [1, H, W, C]: a past frame itself; of a strip with its borders, as `frames`
  std::vector<at::Tensor> frames;  ///< [H, W, C] each: the last inputs, newest last, at most two
  bool started = false;            ///< for layers that treat a stream's first frame differently
};

/// The histories of a network's layers, in the order in which the layers run.
class StreamState {
 public:
  StreamState() = default;
  /// Of a stream whose pictures are divided; `strip` must outlive it.
  explicit StreamState(const Strip* strip) : strip_(strip) {}
  const Strip* strip() const { return strip_; }  ///< null: whole pictures

  void rewind() { next_ = 0; }
  /// The position in that order, to return to where some layers run once for each frame.
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
  const Strip* strip_ = nullptr;
};

/// Kernel [3, 3, 3]; weight [out, in, 3, 3, 3], bias [out].
class CausalConv3d {
 public:
  CausalConv3d() = default;
  CausalConv3d(const Weights& w, std::int64_t in, std::int64_t out);

  /// x [T, H, W, in] -> [T, H, W, out]; uses the stream's next history, which keeps x: do not write to
  /// it later. The shapes of a stream's frames are all the same. `before` [1, H, W, in] in the stream's first
  /// call: the history is two copies of this frame, instead of zeros; T may be 0 then.
  at::Tensor operator()(at::Tensor x, StreamState& state, const PixelEpilogue& epilogue = {},
                        const at::Tensor& before = {}) const;

 private:
  at::Tensor convolve(const at::Tensor& x, bool bordered, std::int64_t first_tap, std::int64_t count) const;
  void add_first_frame(FrameHistory& history, bool bordered) const;
  void begin_with(const at::Tensor& frame, FrameHistory& history, const at::Tensor& out) const;
  bool by_winograd(const at::Tensor& out) const;
  void run_winograd(const at::Tensor& x, FrameHistory& history, Workspace& workspace,
                    const PixelEpilogue& epilogue, at::Tensor& out) const;
  void run_taps(const at::Tensor& x, FrameHistory& history, const PixelEpilogue& epilogue,
                at::Tensor& out) const;

  at::Tensor taps_;     // [3 * out, in, 3, 3], oldest tap first; a view of kernels_ where that is defined
  at::Tensor kernels_;  // [in, 3, 3, taps, out]; on a CPU
  at::Tensor bias_;
  std::int64_t in_ = 0, out_ = 0;
};

/// The same convolution of a whole clip in one conv3d, for tests.
/// x [T, H, W, in], weight [out, in, 3, 3, 3] -> [T, H, W, out].
at::Tensor causal_conv3d_reference(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// 2-D convolution of channels-last frames: x [T, H, W, in], weight [out, in, k, k] -> [T, H', W', out].
/// `padding`: of rows and columns, or one number for both.
at::Tensor conv2d_frames(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                         std::int64_t stride, at::IntArrayRef padding);

}  // namespace sora::nn
