#include "nn/pixel_passes.h"

#include "nn/cuda/fused_ops.h"

namespace sora::nn {
namespace {

// The share of the frames so far in the next two. taps [T, H, W, 3, C] -> [2, H, W, C].
at::Tensor next_sums(const at::Tensor& taps, const at::Tensor& sums) {
  const std::int64_t last = taps.size(0) - 1;
  at::Tensor next = at::empty({2, taps.size(1), taps.size(2), taps.size(4)}, taps.options());
  at::Tensor soon = next[0];
  if (last >= 1) {
    at::add_out(soon, taps[last].select(2, 1), taps[last - 1].select(2, 0));
  } else if (sums.defined()) {
    at::add_out(soon, taps[last].select(2, 1), sums[1]);
  } else {
    soon.copy_(taps[last].select(2, 1));
  }
  next[1].copy_(taps[last].select(2, 0));
  return next;
}

// Whether a kernel has computed `out`, and `next` where it is wanted.
bool by_kernel(const at::Tensor& taps, const at::Tensor& bias, const at::Tensor& history,
               const PixelEpilogue& epilogue, at::Tensor& out, bool wants_next, at::Tensor& next) {
  const cuda::TapSums operands{taps,           bias, history,       epilogue.residual,
                               epilogue.gamma, out,  epilogue.silu, wants_next};
  return cuda::sum_taps(operands, next, [&] {
    at::Tensor separate = at::empty_like(out);  // `out` may be the residual, which is read again
    composed::sum_taps(taps, bias, history, epilogue, separate);
    std::vector<at::Tensor> outputs{separate};
    if (wants_next) outputs.push_back(next_sums(taps, history));
    return outputs;
  });
}

}  // namespace

at::Tensor normalise_channels(const at::Tensor& x, const at::Tensor& gamma, bool silu) {
  at::Tensor out;
  if (cuda::channel_norm(x, gamma, silu, out, [&] { return composed::channel_norm(x, gamma, silu); }))
    return out;
  return channel_norm(x, gamma, silu);
}

void sum_frames(const at::Tensor& taps, const at::Tensor& bias, const at::Tensor& history,
                const PixelEpilogue& epilogue, at::Tensor& out) {
  at::Tensor next;
  if (!by_kernel(taps, bias, history, epilogue, out, /*wants_next=*/false, next))
    sum_taps(taps, bias, history, epilogue, out);
}

at::Tensor sum_frames_of_stream(const at::Tensor& taps, const at::Tensor& bias, const at::Tensor& history,
                                const PixelEpilogue& epilogue, at::Tensor& out) {
  at::Tensor next;
  if (by_kernel(taps, bias, history, epilogue, out, /*wants_next=*/true, next)) return next;
  sum_taps(taps, bias, history, epilogue, out);
  return next_sums(taps, history);
}

}  // namespace sora::nn
