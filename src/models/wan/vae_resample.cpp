#include "models/wan/vae_resample.h"

namespace sora::wan {
namespace {

// Note [Upsampling]: a 3x3 convolution of a picture whose pixels were doubled sees each old pixel up to
// four times. For each of the four new pixels of an old one the kernel's rows and columns that fall on the
// same old pixel are summed: a 2x2 kernel of the small picture, 2.25 times fewer products, and the large
// one is never made. Row 2y sees old rows y-1 (tap 0) and y (taps 1, 2); row 2y+1 sees y (0, 1), y+1 (2).
at::Tensor fold_taps(const at::Tensor& weight, std::int64_t dim, std::int64_t phase) {
  const at::Tensor first = weight.select(dim, 0);
  const at::Tensor middle = weight.select(dim, 1);
  const at::Tensor last = weight.select(dim, 2);
  return phase == 0 ? at::stack({first, middle + last}, dim) : at::stack({first + middle, last}, dim);
}

}  // namespace

Upsampler::Upsampler(const Weights& w, std::int64_t dim, std::int64_t out, bool temporal)
    : out_(out), temporal_(temporal) {
  const Weights conv = w / "resample" / 1;
  const at::Tensor weight = conv.get("weight", {out, dim, 3, 3});
  std::vector<at::Tensor> phases;
  for (std::int64_t row = 0; row < 2; ++row) {
    for (std::int64_t column = 0; column < 2; ++column) {
      phases.push_back(fold_taps(fold_taps(weight, 2, row), 3, column));
    }
  }
  phases_ = at::cat(phases).contiguous(at::MemoryFormat::ChannelsLast);
  bias_ = conv.get("bias", {out}).repeat({4});
  if (temporal) time_conv_ = nn::CausalConv3d(w / "time_conv", dim, 2 * dim, 1);
}

// Channel o of new pixel `phase` is channel (o * phases + phase) / repeats of the old pixel.
at::Tensor Upsampler::spread(const at::Tensor& x, std::int64_t phase, std::int64_t phases) const {
  if (x.size(3) == out_) return x;  // repeats == phases
  const std::int64_t repeats = out_ * phases / x.size(3);
  const at::Tensor channel = at::arange(out_, x.options().dtype(at::kLong)).mul_(phases).add_(phase);
  return x.index_select(3, channel.floor_divide(repeats));
}

at::Tensor Upsampler::operator()(const at::Tensor& input, nn::StreamState& state,
                                 const at::Tensor& shortcut) const {
  at::Tensor x = input;
  std::int64_t time = 1;  // new frames for each old one
  if (temporal_) {
    nn::FrameHistory& history = state.next();
    if (!history.started) {
      history.started = true;  // time_conv never sees a stream's first frame
    } else {
      x = time_conv_(x, history)         // [T, H, W, 2 * C]: even frame, odd frame
              .unflatten(3, {2, -1})     // [T, H, W, 2, C]
              .permute({0, 3, 1, 2, 4})  // [T, 2, H, W, C]
              .flatten(0, 1);            // [2T, H, W, C]
      time = 2;
    }
  }
  const std::int64_t frames = input.size(0);
  const std::int64_t height = x.size(1);
  const std::int64_t width = x.size(2);
  const at::Tensor y = nn::conv2d_frames(x, phases_, bias_, 1, 1)  // [time * T, H + 1, W + 1, 4 * out]
                           .unflatten(0, {frames, time});
  at::Tensor result = at::empty({frames * time, 2 * height, 2 * width, out_}, y.options());
  const at::Tensor cells = result.view({frames, time, height, 2, width, 2, out_});
  for (std::int64_t t = 0; t < time; ++t) {
    for (std::int64_t row = 0; row < 2; ++row) {
      for (std::int64_t column = 0; column < 2; ++column) {
        at::Tensor cell = cells.select(1, t).select(2, row).select(3, column);  // [T, H, W, out]
        const std::int64_t phase = 2 * row + column;
        const at::Tensor made = y.select(1, t)
                                    .narrow(1, row, height)
                                    .narrow(2, column, width)
                                    .narrow(3, phase * out_, out_);  // [T, H, W, out]
        if (shortcut.defined()) {
          // A first frame stands for the last of the frames that it would have become.
          const std::int64_t frame = temporal_ ? (time == 2 ? t : 1) : 0;
          at::add_out(cell, made, spread(shortcut, 4 * frame + phase, temporal_ ? 8 : 4));
        } else {
          cell.copy_(made);
        }
      }
    }
  }
  return result;
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
  const at::Tensor joined = at::cat({history.frame, y});  // [1 + T, H, W, C]
  history.frame = last.clone();
  return at::linear(joined.unfold(0, 3, 2).flatten(3), time_weight_, time_bias_);  // [T / 2, H, W, C]
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
