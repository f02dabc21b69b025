#include "models/wan/networks/vae_resample.h"

namespace sora::wan {
namespace {

// Note [Upsampling]: a 3x3 convolution of a picture whose pixels were doubled reads each old pixel up to four
// times. For each of the four new pixels of an old one, the kernel's rows and columns that fall on the same
// old pixel are summed. That gives a 2x2 kernel on the small picture and 2.25 times fewer products, and the
// large picture is never stored. (Winograd's method needs 4 times fewer, and does not store the large picture
// either.) Row 2y reads old rows y-1 (tap 0) and y (taps 1, 2); row 2y+1 reads y (0, 1) and y+1 (2).
at::Tensor fold_taps(const at::Tensor& weight, std::int64_t dim, std::int64_t phase) {
  const at::Tensor first = weight.select(dim, 0);
  const at::Tensor middle = weight.select(dim, 1);
  const at::Tensor last = weight.select(dim, 2);
  return phase == 0 ? at::stack({first, middle + last}, dim) : at::stack({first + middle, last}, dim);
}

at::Tensor folded_phases(const at::Tensor& weight) {
  std::vector<at::Tensor> phases;
  for (std::int64_t row = 0; row < 2; ++row) {
    for (std::int64_t column = 0; column < 2; ++column) {
      phases.push_back(fold_taps(fold_taps(weight, 2, row), 3, column));
    }
  }
  return at::cat(phases).contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace

Upsampler::Upsampler(const Weights& w, std::int64_t dim, std::int64_t out, bool temporal)
    : out_(out), temporal_(temporal) {
  const Weights conv = w / "resample" / 1;
  const at::Tensor weight = conv.get("weight", {out, dim, 3, 3});
  bias_ = conv.get("bias", {out});
  if (nn::winograd_runs_on(weight)) {
    kernels_ = weight.permute({1, 2, 3, 0}).unsqueeze(3).contiguous();
  } else {
    phases_ = folded_phases(weight);
  }
  if (!temporal) return;
  const Weights time = w / "time_conv";
  time_weight_ = time.get("weight", {2 * dim, dim, 3, 1, 1})
                     .flatten(2)
                     .permute({2, 0, 1})
                     .contiguous()
                     .unflatten(1, {2, dim});
  time_bias_ = time.get("bias", {2 * dim}).unflatten(0, {2, dim});
}

// A causal convolution of three taps in time that gives two frames for each input frame. Past frames are
// multiplied in place, without copying them together.
at::Tensor Upsampler::double_time(const at::Tensor& x, nn::StreamState& state) const {
  if (!temporal_) return x;
  nn::FrameHistory& history = state.next();
  if (!history.started) {
    history.started = true;  // a stream's first frame is not doubled, and is no input of later ones
    return x;
  }
  at::Tensor y = at::empty({2 * x.size(0), x.size(1), x.size(2), x.size(3)}, x.options());
  std::vector<at::Tensor>& past = history.frames;  // oldest first
  for (std::int64_t t = 0; t < x.size(0); ++t) {
    past.push_back(x[t]);
    if (past.size() > 3) past.erase(past.begin());
    const auto known = static_cast<std::int64_t>(past.size());
    for (std::int64_t parity = 0; parity < 2; ++parity) {
      at::Tensor made = y[2 * t + parity].flatten(0, 1);  // [H * W, dim]
      for (std::int64_t i = 0; i < known; ++i) {
        const at::Tensor weight = time_weight_[3 - known + i][parity].t();
        const at::Tensor frame = past[static_cast<std::size_t>(i)].flatten(0, 1);
        at::addmm_out(made, i == 0 ? time_bias_[parity] : made, frame, weight);
      }
    }
  }
  if (past.size() > 2) past.erase(past.begin());
  return y;
}

at::Tensor Upsampler::double_space(at::Tensor x, nn::StreamState& state) const {
  const std::int64_t frames = x.size(0);
  const std::int64_t height = x.size(1);
  const std::int64_t width = x.size(2);
  if (state.strip() != nullptr) x = state.strip()->with_borders(x);  // [T, H + 2, W, dim]
  at::Tensor result = at::empty({frames, 2 * height, 2 * width, out_}, x.options());
  if (kernels_.defined()) {
    const nn::WinogradKernels kernels(kernels_, 0, state.workspace());
    for (std::int64_t t = 0; t < frames; ++t) {
      at::Tensor frame = result[t];
      kernels.convolve({x[t]}, /*doubled=*/true, bias_, {}, frame, state.workspace());
    }
    return result;
  }
  const std::int64_t padding_of_rows = state.strip() != nullptr ? 0 : 1;
  // [T, H + 1, W + 1, 4 * out]
  const at::Tensor y = nn::conv2d_frames(x, phases_, bias_.repeat({4}), 1, {padding_of_rows, 1});
  const at::Tensor cells = result.view({frames, height, 2, width, 2, out_});
  for (std::int64_t row = 0; row < 2; ++row) {
    for (std::int64_t column = 0; column < 2; ++column) {
      cells.select(2, row).select(3, column).copy_(
          y.narrow(1, row, height).narrow(2, column, width).narrow(3, (2 * row + column) * out_, out_));
    }
  }
  return result;
}

// Channel o of new pixel `phase` is channel (o * phases + phase) / repeats of the old pixel.
at::Tensor Upsampler::spread(const at::Tensor& x, std::int64_t phase, std::int64_t phases) const {
  if (x.size(-1) == out_) return x;  // repeats == phases
  const std::int64_t repeats = out_ * phases / x.size(-1);
  const at::Tensor channel = at::arange(out_, x.options().dtype(at::kLong)).mul_(phases).add_(phase);
  return x.index_select(-1, channel.floor_divide(repeats));
}

void Upsampler::add_shortcut(const at::Tensor& y, const at::Tensor& shortcut, std::int64_t frame,
                             std::int64_t time) const {
  const at::Tensor old = shortcut[frame / time];  // [H, W, in]
  // The first frame, which is not doubled, takes the place of the last of its doubled frames.
  const std::int64_t place = temporal_ ? (time == 2 ? frame % 2 : 1) : 0;
  const at::Tensor cells = y.view({old.size(0), 2, old.size(1), 2, out_});
  for (std::int64_t row = 0; row < 2; ++row) {
    for (std::int64_t column = 0; column < 2; ++column) {
      cells.select(1, row).select(2, column).add_(
          spread(old, 4 * place + 2 * row + column, temporal_ ? 8 : 4));  // [H, W, out]
    }
  }
}

at::Tensor upsampling_reference(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor doubled = x.repeat_interleave(2, 1).repeat_interleave(2, 2);
  return nn::conv2d_frames(doubled, weight, bias, 1, 1);
}

Downsampler::Downsampler(const Weights& w, std::int64_t dim, bool temporal) {
  const Weights conv = w / "resample" / 1;
  weight_ = conv.get("weight", {dim, dim, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast);
  bias_ = conv.get("bias", {dim});
  if (!temporal) return;
  const Weights time = w / "time_conv";
  time_weight_ = time.get("weight", {dim, dim, 3, 1, 1}).flatten(1);
  time_bias_ = time.get("bias", {dim});
}

at::Tensor Downsampler::operator()(const at::Tensor& x, nn::StreamState& state) const {
  const at::Tensor padded = at::constant_pad_nd(x, {0, 0, 0, 1, 0, 1});  // right and bottom
  at::Tensor y = nn::conv2d_frames(padded, weight_, bias_, 2, 0);        // [T, H / 2, W / 2, C]
  if (!time_weight_.defined()) return y;

  nn::FrameHistory& history = state.next();
  const at::Tensor last = y.narrow(0, y.size(0) - 1, 1);
  if (!history.frame.defined()) {  // a stream's first frame is not halved
    history.frame = last.clone();
    return y;
  }
  const at::Tensor frames = at::cat({history.frame, y});  // [1 + T, H, W, C]
  history.frame = last.clone();
  return at::linear(frames.unfold(0, 3, 2).flatten(3), time_weight_, time_bias_);  // [T / 2, H, W, C]
}

at::Tensor average_down(const at::Tensor& x, std::int64_t out, std::int64_t time, std::int64_t space) {
  const std::int64_t pad = (time - x.size(0) % time) % time;
  return at::constant_pad_nd(x, {0, 0, 0, 0, 0, 0, pad, 0})
      .unflatten(2, {-1, space})
      .unflatten(1, {-1, space})
      .unflatten(0, {-1, time})        // [T, time, H, space, W, space, C]
      .permute({0, 2, 4, 6, 1, 3, 5})  // [T, H, W, C, time, space, space]
      .flatten(3)
      .unflatten(3, {out, -1})  // [T, H, W, out, group]
      .mean(-1);
}

}  // namespace sora::wan
