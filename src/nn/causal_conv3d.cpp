#include "nn/causal_conv3d.h"

#include <algorithm>

#include "nn/pixel_passes.h"

namespace sora::nn {
namespace {

// Frames that are convolved at once: the products of three taps take three times the output's memory, so
// large pictures go one by one.
constexpr std::int64_t max_tap_elements = std::int64_t{16} << 20;

// Winograd's method is used where it is faster although it transforms the kernels for each frame: measured
// with 8 to 384 channels, from 8x8 pixels on, at least 2.4 times faster; with 4 channels it was not.
constexpr std::int64_t min_winograd_pixels = 16;
constexpr std::int64_t min_winograd_weights = 64;  // of one tap

}  // namespace

CausalConv3d::CausalConv3d(const Weights& w, std::int64_t in, std::int64_t out)
    : bias_(w.get("bias", {out})), in_(in), out_(out) {
  const at::Tensor weight = w.get("weight", {out, in, 3, 3, 3});
  if (winograd_runs_on(weight)) {
    kernels_ = weight.permute({1, 3, 4, 2, 0}).contiguous();  // [in, 3, 3, taps, out]
    taps_ = kernels_.flatten(3).permute({3, 0, 1, 2});        // [3 * out, in, 3, 3]
    return;
  }
  taps_ = weight.permute({2, 0, 1, 3, 4}).reshape({3 * out, in, 3, 3});
  taps_ = taps_.contiguous(at::MemoryFormat::ChannelsLast);
}

bool CausalConv3d::by_winograd(const at::Tensor& out) const {
  return kernels_.defined() && winograd_runs_on(out) && out.size(1) * out.size(2) >= min_winograd_pixels &&
         in_ * out_ >= min_winograd_weights && 3 * out_ > in_;
}

at::Tensor CausalConv3d::operator()(at::Tensor x, StreamState& state, const PixelEpilogue& epilogue,
                                    const at::Tensor& before) const {
  at::Tensor out = epilogue.into_residual ? epilogue.residual
                                          : at::empty({x.size(0), x.size(1), x.size(2), out_}, x.options());
  FrameHistory& history = state.next();
  const bool bordered = state.strip() != nullptr;
  if (before.defined()) begin_with(bordered ? state.strip()->with_borders(before) : before, history, out);
  if (x.size(0) == 0) return out;
  if (bordered) x = state.strip()->with_borders(x);
  if (by_winograd(out)) {
    run_winograd(x, history, state.workspace(), epilogue, out);
  } else {
    run_taps(x, history, epilogue, out);
  }
  return out;
}

void CausalConv3d::run_winograd(const at::Tensor& x, FrameHistory& history, Workspace& workspace,
                                const PixelEpilogue& epilogue, at::Tensor& out) const {
  std::vector<at::Tensor>& past = history.frames;
  const std::int64_t frames = x.size(0);
  const auto most = std::min<std::int64_t>(3, static_cast<std::int64_t>(past.size()) + frames);
  const WinogradKernels kernels(kernels_, 3 - most, workspace);
  for (std::int64_t t = 0; t < frames; ++t) {
    past.push_back(x[t]);
    if (past.size() > 3) past.erase(past.begin());
    PixelEpilogue part = epilogue;
    if (part.residual.defined()) part.residual = part.residual[t];
    at::Tensor frame = out[t];
    kernels.convolve(past, /*doubled=*/false, bias_, part, frame, workspace);
  }
  if (past.size() == 3) past.erase(past.begin());
  // A view would keep the memory of all frames alive.
  if (frames > 2) {
    for (at::Tensor& frame : past) frame = frame.clone();
  }
}

// [T, H, W, in], with borders [T, H + 2, W, in] -> [T, H, W, count, out]
at::Tensor CausalConv3d::convolve(const at::Tensor& x, bool bordered, std::int64_t first_tap,
                                  std::int64_t count) const {
  const at::Tensor weight = taps_.narrow(0, first_tap * out_, count * out_);
  const std::int64_t padding_of_rows = bordered ? 0 : 1;
  return conv2d_frames(x, weight, {}, 1, {padding_of_rows, 1}).unflatten(-1, {count, out_});
}

// The first frame's products with the older taps are only computed when a second frame comes: a picture costs
// a third, and a video no more than before.
void CausalConv3d::add_first_frame(FrameHistory& history, bool bordered) const {
  const at::Tensor older = convolve(history.frame, bordered, 0, 2);    // [1, H, W, 2, out]
  history.sums = older[0].permute({2, 0, 1, 3}).flip(0).contiguous();  // [2, H, W, out]
  history.frame.reset();
}

// Two copies of a frame before the first one: the older taps' products with it are what both leave.
void CausalConv3d::begin_with(const at::Tensor& frame, FrameHistory& history, const at::Tensor& out) const {
  if (by_winograd(out)) {
    history.frames = {frame[0], frame[0]};
    return;
  }
  history.frame = frame;
  add_first_frame(history, frame.size(1) != out.size(1));
  history.sums[0].add_(history.sums[1]);
}

void CausalConv3d::run_taps(const at::Tensor& x, FrameHistory& history, const PixelEpilogue& epilogue,
                            at::Tensor& out) const {
  const std::int64_t frames = x.size(0);
  const bool bordered = x.size(1) != out.size(1);
  if (frames == 1 && !history.sums.defined() && !history.frame.defined()) {
    sum_frames(convolve(x, bordered, 2, 1), bias_, {}, epilogue, out);
    history.frame = x;
    return;
  }
  if (history.frame.defined()) add_first_frame(history, bordered);

  const std::int64_t at_once =
      std::max<std::int64_t>(1, max_tap_elements / (3 * out_ * x.size(1) * x.size(2)));
  for (std::int64_t first = 0; first < frames; first += at_once) {
    const std::int64_t count = std::min(at_once, frames - first);
    const at::Tensor taps = convolve(x.narrow(0, first, count), bordered, 0, 3);  // [count, H, W, 3, out]
    PixelEpilogue part = epilogue;
    if (part.residual.defined()) part.residual = part.residual.narrow(0, first, count);
    at::Tensor part_out = out.narrow(0, first, count);
    history.sums = sum_frames_of_stream(taps, bias_, history.sums, part, part_out);
  }
}

at::Tensor causal_conv3d_reference(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor clip = x.permute({3, 0, 1, 2}).unsqueeze(0);                           // [1, in, T, H, W]
  const at::Tensor padded = at::constant_pad_nd(clip, {1, 1, 1, 1, 2, 0});                // [1, in, T+2, ...]
  return at::conv3d(padded, weight, bias).squeeze(0).permute({1, 2, 3, 0}).contiguous();  // [T, H, W, out]
}

at::Tensor conv2d_frames(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                         std::int64_t stride, at::IntArrayRef padding) {
  const at::Tensor frames = x.permute({0, 3, 1, 2});  // [T, in, H, W], channels-last
  return at::conv2d(frames, weight, bias, stride, padding).permute({0, 2, 3, 1}).contiguous();
}

}  // namespace sora::nn
