#include "nn/cpu/pixel_ops.h"

#include <algorithm>
#include <cmath>

#include "nn/cpu/parallel.h"
#include "nn/cpu/pixel_math.h"
#include "nn/cpu/simd.h"

namespace sora::nn {
namespace {

// Operands of a sweep over pixels; null where there is none.
struct Sweep {
  const float* taps = nullptr;  // [T, pixels, K, C]
  const float* bias = nullptr;
  const float* history = nullptr;  // [2, pixels, C]
  const float* residual = nullptr;
  const float* gamma = nullptr;
  const float* zeros = nullptr;  // [C]
  float* out = nullptr;
  std::int64_t pixels = 0;  // of a frame
  std::int64_t channels = 0;
  std::int64_t tap_count = 0;
  bool silu = false;
};

// Pixels [begin, end), counted over all frames.
SORA_SIMD void sum_taps_range(const Sweep& s, std::int64_t begin, std::int64_t end) {
  const std::int64_t c_count = s.channels;
  const std::int64_t row = s.tap_count * c_count;
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t t = i / s.pixels;
    const float* newest = s.taps + i * row + (s.tap_count - 1) * c_count;
    // The frames before this call are summed in the history.
    const float* older = s.zeros;
    const float* oldest = s.zeros;
    if (t >= 1 && s.tap_count == 3) older = s.taps + (i - s.pixels) * row + c_count;
    if (t >= 2 && s.tap_count == 3) oldest = s.taps + (i - 2 * s.pixels) * row;
    if (t < 2 && s.history) oldest = s.history + i * c_count;
    const float* residual = s.residual ? s.residual + i * c_count : s.zeros;
    float* out = s.out + i * c_count;
    for (std::int64_t c = 0; c < c_count; ++c) {
      out[c] = ((s.bias[c] + newest[c]) + (older[c] + oldest[c])) + residual[c];
    }
    if (s.gamma) normalise(out, s.gamma, c_count, s.silu);
  }
}

SORA_SIMD void channel_norm_range(const float* x, const float* gamma, std::int64_t channels, bool silu,
                                  float* out, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    std::copy_n(x + i * channels, channels, out + i * channels);
    normalise(out + i * channels, gamma, channels, silu);
  }
}

SORA_SIMD void rms_norm_silu_range(const float* x, const float* gain, const float* shift, float eps,
                                   std::int64_t channels, float* out, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i)
    rms_norm_silu(x + i * channels, gain, shift, eps, channels, out + i * channels);
}

// Calls f(begin, end) for ranges of out's pixels.
template <class F>
void for_pixels(const at::Tensor& out, const F& f) {
  const std::int64_t channels = out.size(-1);
  for_ranges(out.numel() / channels, std::max<std::int64_t>(1, 16384 / channels), f);
}

bool is_plain(const at::Tensor& x) {
  return !x.defined() || (x.is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous());
}

const float* pointer(const at::Tensor& x) { return x.defined() ? x.const_data_ptr<float>() : nullptr; }

}  // namespace

at::Tensor channel_norm(const at::Tensor& x, const at::Tensor& gamma, bool silu) {
  if (!is_plain(x) || !is_plain(gamma) || x.numel() == 0) return composed::channel_norm(x, gamma, silu);
  at::Tensor out = at::empty_like(x);
  const float* in = pointer(x);
  const float* g = pointer(gamma);
  auto* y = out.mutable_data_ptr<float>();
  for_pixels(out, [&](std::int64_t begin, std::int64_t end) {
    channel_norm_range(in, g, x.size(-1), silu, y, begin, end);
  });
  return out;
}

at::Tensor rms_norm_silu(const at::Tensor& x, const at::Tensor& gain, const at::Tensor& shift, double eps) {
  if (!is_plain(x) || !is_plain(gain) || !is_plain(shift) || !x.defined() || x.numel() == 0)
    return composed::rms_norm_silu(x, gain, shift, eps);
  const at::Tensor ones = gain.defined() ? gain : at::ones({x.size(-1)});
  const at::Tensor zeros = shift.defined() ? shift : at::zeros({x.size(-1)});
  at::Tensor out = at::empty_like(x);
  auto* y = out.mutable_data_ptr<float>();
  for_pixels(out, [&](std::int64_t begin, std::int64_t end) {
    rms_norm_silu_range(pointer(x), pointer(ones), pointer(zeros), static_cast<float>(eps), x.size(-1), y,
                        begin, end);
  });
  return out;
}

void sum_taps(const at::Tensor& taps, const at::Tensor& bias, const at::Tensor& history,
              const PixelEpilogue& epilogue, at::Tensor& out) {
  if (!is_plain(taps) || !is_plain(bias) || !is_plain(history) || !is_plain(epilogue.residual) ||
      !is_plain(epilogue.gamma) || !is_plain(out) || out.numel() == 0) {
    composed::sum_taps(taps, bias, history, epilogue, out);
    return;
  }
  const at::Tensor zeros = at::zeros_like(bias);
  Sweep sweep;
  sweep.taps = pointer(taps);
  sweep.bias = pointer(bias);
  sweep.history = pointer(history);
  sweep.residual = pointer(epilogue.residual);
  sweep.gamma = pointer(epilogue.gamma);
  sweep.zeros = pointer(zeros);
  sweep.out = out.mutable_data_ptr<float>();
  sweep.pixels = out.size(1) * out.size(2);
  sweep.channels = out.size(3);
  sweep.tap_count = taps.size(3);
  sweep.silu = epilogue.silu;
  for_pixels(out, [&](std::int64_t begin, std::int64_t end) { sum_taps_range(sweep, begin, end); });
}

namespace composed {

at::Tensor channel_norm(const at::Tensor& x, const at::Tensor& gamma, bool silu) {
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor norm = wide.square().sum(-1, /*keepdim=*/true).sqrt_().clamp_min_(min_norm);  // [..., 1]
  at::Tensor y = wide.div(norm).mul_(std::sqrt(static_cast<double>(x.size(-1)))).mul_(gamma);
  return (silu ? at::silu_(y) : y).to(x.scalar_type());
}

at::Tensor rms_norm_silu(const at::Tensor& x, const at::Tensor& gain, const at::Tensor& shift, double eps) {
  const at::Tensor wide = x.to(at::kFloat);
  at::Tensor y = wide * at::rsqrt(wide.square().mean(-1, /*keepdim=*/true).add_(eps));
  if (gain.defined()) y.mul_(gain);
  if (shift.defined()) y.add_(shift);
  return at::silu_(y).to(x.scalar_type());
}

void sum_taps(const at::Tensor& taps, const at::Tensor& bias, const at::Tensor& history,
              const PixelEpilogue& epilogue, at::Tensor& out) {
  const std::int64_t frames = out.size(0);
  const std::int64_t count = taps.size(3);
  at::Tensor y = taps.select(3, count - 1).add(bias);  // [T, H, W, C]
  for (std::int64_t back = 1; back < std::min(count, frames); ++back) {
    y.narrow(0, back, frames - back).add_(taps.narrow(0, 0, frames - back).select(3, count - 1 - back));
  }
  if (history.defined()) {
    const std::int64_t reached = std::min<std::int64_t>(2, frames);
    y.narrow(0, 0, reached).add_(history.narrow(0, 0, reached));
  }
  if (epilogue.residual.defined()) y.add_(epilogue.residual);
  out.copy_(epilogue.gamma.defined() ? composed::channel_norm(y, epilogue.gamma, epilogue.silu) : y);
}

}  // namespace composed
}  // namespace sora::nn
