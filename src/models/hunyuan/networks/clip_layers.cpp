#include "models/hunyuan/networks/clip_layers.h"

#include <algorithm>
#include <utility>

#include "models/hunyuan/vae_memory.h"
#include "nn/attention.h"

namespace sora::hunyuan {
namespace {

constexpr double kNormEps = 1e-6;  // not a key of the config

/// Frames of so many elements that are worked on at once.
std::int64_t frames_at_once(std::int64_t elements) {
  return std::max<std::int64_t>(1, max_chunk_elements / std::max<std::int64_t>(1, elements));
}

/// Each frame with copies of its edge around it.
at::Tensor padded(const at::Tensor& x) {
  return at::replication_pad2d(x.permute({0, 3, 1, 2}), {1, 1, 1, 1}).permute({0, 2, 3, 1}).contiguous();
}

/// [n, H, W, C] -> [n * time, H * space, W * space, C]
at::Tensor enlarged(const at::Tensor& x, std::int64_t time, std::int64_t space) {
  if (time == 1 && space == 1) return x;
  const std::int64_t n = x.size(0), height = x.size(1), width = x.size(2), channels = x.size(3);
  return x.view({n, 1, height, 1, width, 1, channels})
      .expand({n, time, height, space, width, space, channels})
      .reshape({n * time, height * space, width * space, channels});
}

}  // namespace

at::Tensor TimeConv::operator()(const at::Tensor& x, nn::StreamState& state) const {
  const at::Tensor fed = padded(x);
  // A frame is known to be the first where the layer has no state yet.
  const bool is_first = state.place() == 0;
  state.rewind();
  const at::Tensor y = conv_(fed, state, {}, is_first ? fed.narrow(0, 0, 1) : at::Tensor());
  return y.narrow(1, 1, x.size(1)).narrow(2, 1, x.size(2)).contiguous();
}

StoredFrames::StoredFrames(at::Tensor clip)
    : clip_(std::move(clip)), most_(frames_at_once(clip_.numel() / clip_.size(0))) {}

at::Tensor StoredFrames::next() {
  const std::int64_t count = std::min(most_, frames() - next_);
  if (count == 0) return {};
  next_ += count;
  return clip_.narrow(0, next_ - count, count);
}

ConvolvedFrames::ConvolvedFrames(at::Tensor clip, const TimeConv& conv, std::int64_t time, std::int64_t space)
    : clip_(std::move(clip)),
      conv_(&conv),
      time_(time),
      space_(space),
      most_(frames_at_once(clip_.numel() / clip_.size(0) * time * space * space)) {}

void ConvolvedFrames::rewind() {
  next_ = 0;
  state_ = {};
}

at::Tensor ConvolvedFrames::next() {
  if (next_ == clip_.size(0)) return {};
  const bool is_first = next_ == 0;
  const std::int64_t count = is_first ? 1 : std::min(most_, clip_.size(0) - next_);
  next_ += count;
  const at::Tensor x = clip_.narrow(0, next_ - count, count);
  return (*conv_)(enlarged(x, is_first ? 1 : time_, space_), state_);
}

GroupNorm::GroupNorm(const Weights& w, std::int64_t dim, std::int64_t groups)
    : weight_(w.get("weight", {dim}, Precision::full)),
      bias_(w.get("bias", {dim}, Precision::full)),
      groups_(groups) {}

void GroupNorm::add(const at::Tensor& x, Sums& sums) const {
  const at::Tensor parts = x.reshape({x.size(0), -1, groups_, x.size(3) / groups_});  // [n, HW, G, C / G]
  const auto [variances, means] = at::var_mean(parts, at::IntArrayRef{1, 3}, /*correction=*/0);  // [n, G]
  const double count = static_cast<double>(parts.size(1) * parts.size(3));
  const at::Tensor mean = means.to(at::kDouble), squares = variances.to(at::kDouble) * count;
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    if (sums.count == 0) {
      sums = {mean[i], squares[i], count};
      continue;
    }
    const at::Tensor difference = mean[i] - sums.mean;
    const double all = sums.count + count;
    sums.mean = sums.mean + difference * (count / all);
    sums.squares = sums.squares + squares[i] + difference.square() * (sums.count * count / all);
    sums.count = all;
  }
}

GroupNorm::Affine GroupNorm::affine(const Sums& sums) const {
  const std::int64_t each = weight_.size(0) / groups_;
  const at::Tensor rstd = (sums.squares / sums.count + kNormEps).rsqrt().repeat_interleave(each);
  const at::Tensor scale = weight_.to(at::kDouble) * rstd;
  const at::Tensor shift = bias_.to(at::kDouble) - sums.mean.repeat_interleave(each) * scale;
  return {scale.to(at::kFloat), shift.to(at::kFloat)};
}

GroupNorm::Affine GroupNorm::affine_of(FrameSource& source) const {
  Sums sums;
  source.rewind();
  for (at::Tensor x = source.next(); x.defined(); x = source.next()) add(x, sums);
  return affine(sums);
}

ResidualBlock::ResidualBlock(const Weights& w, std::int64_t in, std::int64_t out, std::int64_t groups)
    : norm1_(w / "norm1", in, groups),
      norm2_(w / "norm2", out, groups),
      conv1_(w / "conv1", in, out),
      conv2_(w / "conv2", out, out),
      out_(out) {
  if (in != out) conv_shortcut_ = pixelwise(w / "conv_shortcut" / "conv", in, out);
}

at::Tensor ResidualBlock::operator()(FrameSource& source) const {
  const GroupNorm::Affine first = norm1_.affine_of(source);
  GroupNorm::Sums sums;
  at::Tensor h, sum;  // [T, H, W, out]
  nn::StreamState state1, state2;
  source.rewind();
  std::int64_t at = 0;
  for (at::Tensor x = source.next(); x.defined(); x = source.next()) {
    const at::Tensor made = conv1_(first.silu(x), state1);
    norm2_.add(made, sums);
    if (!h.defined()) {
      h = at::empty({source.frames(), x.size(1), x.size(2), out_}, x.options());
      sum = at::empty_like(h);
    }
    h.narrow(0, at, x.size(0)).copy_(made);
    sum.narrow(0, at, x.size(0)).copy_(conv_shortcut_.weight.defined() ? conv_shortcut_(x) : x);
    at += x.size(0);
  }
  const GroupNorm::Affine second = norm2_.affine(sums);
  StoredFrames made(std::move(h));
  at = 0;
  for (at::Tensor x = made.next(); x.defined(); x = made.next()) {
    sum.narrow(0, at, x.size(0)).add_(conv2_(second.silu(x), state2));
    at += x.size(0);
  }
  return sum;
}

CausalAttention::CausalAttention(const Weights& w, std::int64_t dim, std::int64_t groups)
    : group_norm_(w / "group_norm", dim, groups),
      to_q_(w / "to_q", dim, dim),
      to_k_(w / "to_k", dim, dim),
      to_v_(w / "to_v", dim, dim),
      to_out_(w / "to_out" / 0, dim, dim) {}

at::Tensor CausalAttention::operator()(const at::Tensor& x) const {
  StoredFrames source(x);
  const at::Tensor normed = group_norm_.affine_of(source)(x).flatten(0, 2);  // [T * HW, C]
  const auto head = [](const at::Tensor& y) { return y.unsqueeze(0).unsqueeze(0); };
  const at::Tensor q = head(to_q_(normed)), k = head(to_k_(normed)), v = head(to_v_(normed));
  at::Tensor out = at::empty_like(normed);
  const std::int64_t cells = x.size(1) * x.size(2);
  for (std::int64_t t = 0; t < x.size(0); ++t) {  // without a mask: a frame sees what came up to its end
    const std::int64_t seen = (t + 1) * cells;
    out.narrow(0, t * cells, cells)
        .copy_(
            nn::attention(q.narrow(2, t * cells, cells), k.narrow(2, 0, seen), v.narrow(2, 0, seen))[0][0]);
  }
  return to_out_(out).reshape(x.sizes()).add_(x);
}

Halving::Halving(const Weights& w, std::int64_t dim, std::int64_t time) : time_(time) {
  const Weights conv = w / "conv" / "conv";
  weight_ = conv.get("weight", {dim, dim, 3, 3, 3})
                .permute({0, 2, 1, 3, 4})
                .reshape({dim, 3 * dim, 3, 3})
                .contiguous(at::MemoryFormat::ChannelsLast);
  bias_ = conv.get("bias", {dim});
}

at::Tensor Halving::operator()(const at::Tensor& x) const {
  const std::int64_t frames = x.size(0), made = (frames - 1) / time_ + 1;
  at::Tensor out;
  for (std::int64_t t = 0; t < made; ++t) {
    std::vector<at::Tensor> taps;
    for (std::int64_t back = 2; back >= 0; --back)
      taps.push_back(x.narrow(0, std::max<std::int64_t>(0, t * time_ - back), 1));
    const at::Tensor y = nn::conv2d_frames(padded(at::cat(taps, 3)), weight_, bias_, 2, 0);
    if (!out.defined()) out = at::empty({made, y.size(1), y.size(2), y.size(3)}, y.options());
    out[t].copy_(y[0]);
  }
  return out;
}

nn::Linear pixelwise(const Weights& w, std::int64_t in, std::int64_t out) {
  nn::Linear linear;
  linear.weight = w.get("weight", {out, in, 1, 1, 1}).flatten(1);
  linear.bias = w.get("bias", {out});
  return linear;
}

}  // namespace sora::hunyuan
