#include "models/ltx/networks/vae_layers.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <utility>

#include "models/ltx/vae_memory.h"

namespace sora::ltx {
namespace {

constexpr double kNormEps = 1e-8;  // not a key of the config

at::Tensor last_frame(const at::Tensor& x) { return x.narrow(0, x.size(0) - 1, 1).clone(); }

/// The first `count` of the frames that wait; they wait no longer.
at::Tensor take(at::Tensor& waiting, std::int64_t count) {
  const at::Tensor taken = waiting.narrow(0, 0, count);
  const std::int64_t left = waiting.size(0) - count;
  waiting = left > 0 ? waiting.narrow(0, count, left).clone() : at::Tensor();
  return taken;
}

void wait(at::Tensor& waiting, const at::Tensor& x) {
  if (x.size(0) == 0) return;
  waiting = waiting.defined() ? at::cat({waiting, x}) : x;
}

/// [T * t, H * h, W * w, C] -> [T, H, W, C * t * h * w], the factors fastest.
at::Tensor folded(const at::Tensor& x, const Factors& factors) {
  return x.unflatten(2, {-1, factors[2]})
      .unflatten(1, {-1, factors[1]})
      .unflatten(0, {-1, factors[0]})  // [T, t, H, h, W, w, C]
      .permute({0, 2, 4, 6, 1, 3, 5})  // [T, H, W, C, t, h, w]
      .flatten(3)
      .contiguous();
}

/// [T, H, W, C * 8] -> [2 T, 2 H, 2 W, C], the reverse.
at::Tensor unfolded(const at::Tensor& x) {
  return x
      .unflatten(3, {-1, 2, 2, 2})     // [T, H, W, C, t, h, w]
      .permute({0, 4, 1, 5, 2, 6, 3})  // [T, t, H, h, W, w, C]
      .flatten(4, 5)
      .flatten(2, 3)
      .flatten(0, 1)
      .contiguous();
}

}  // namespace

at::Tensor TimeConv::operator()(const at::Tensor& x, bool ends, at::Tensor& last_input,
                                StreamContext& context) const {
  at::Tensor fed = x, before;
  if (!last_input.defined()) {
    before = x.narrow(0, 0, 1);
    if (!causal_) fed = x.narrow(0, 1, x.size(0) - 1);
  }
  if (causal_) {
    last_input = at::empty({0}, x.options());  // only shows that the stream has begun
  } else if (x.size(0) > 0) {
    last_input = last_frame(x);
  }
  if (!causal_ && ends) fed = at::cat({fed, last_input});
  return conv_(fed, context.convolutions, {}, before);
}

void PlainLayer::modulate(const at::Tensor& shift, const at::Tensor& scale) {
  shift_ = shift.contiguous();
  gain_ = scale + 1;
}

at::Tensor PlainLayer::run(const at::Tensor& x, bool ends, LayerState& state, StreamContext& context) const {
  return conv_(normed_ ? nn::rms_norm_silu(x, gain_, shift_, kNormEps) : x, ends, state.last[0], context);
}

ResidualBlock::ResidualBlock(const Weights& w, std::int64_t in, std::int64_t out,
                             const ResidualOptions& options)
    : conv1_(w / "conv1", in, out, options.causal), conv2_(w / "conv2", out, out, options.causal) {
  if (in != out) {
    norm3_ = nn::LayerNorm(w / "norm3", in, options.norm_eps);
    const Weights conv = w / "conv_shortcut" / "conv";
    conv_shortcut_.weight = conv.get("weight", {out, in, 1, 1, 1}).flatten(1);
    conv_shortcut_.bias = conv.get("bias", {out});
  }
  if (options.injects_noise) {
    noise_scale_[0] = w.get("per_channel_scale1", {in, 1, 1}).flatten();
    noise_scale_[1] = w.get("per_channel_scale2", {in, 1, 1}).flatten();
  }
  if (options.modulated) scale_shift_table_ = w.get("scale_shift_table", {4, in}, Precision::full);
}

void ResidualBlock::modulate(const at::Tensor& embedding) {
  const auto parts = (embedding.unflatten(0, {4, -1}) + scale_shift_table_).unbind(0);
  for (std::size_t i = 0; i < 2; ++i) {
    shift_[i] = parts[2 * i].contiguous();
    gain_[i] = parts[2 * i + 1] + 1;
  }
}

at::Tensor ResidualBlock::shortcut(const at::Tensor& x) const {
  return conv_shortcut_.weight.defined() ? conv_shortcut_(norm3_(x)) : x;
}

at::Tensor ResidualBlock::run(const at::Tensor& x, bool ends, LayerState& state,
                              StreamContext& context) const {
  const auto inject = [&](at::Tensor& h, int which) {
    if (!noise_scale_[which].defined()) return;
    at::Tensor& noise = state.noise[which];
    if (!noise.defined()) {
      noise = at::randn({h.size(1), h.size(2), 1}, context.noise, at::kFloat).to(h.device());
    }
    h.add_(noise * noise_scale_[which]);
  };
  wait(state.waiting, x);
  at::Tensor h = conv1_(nn::rms_norm_silu(x, gain_[0], shift_[0], kNormEps), ends, state.last[0], context);
  if (h.size(0) == 0) return h;
  inject(h, 0);
  h = conv2_(nn::rms_norm_silu(h, gain_[1], shift_[1], kNormEps), ends, state.last[1], context);
  if (h.size(0) == 0) return h;
  inject(h, 1);
  return h.add_(shortcut(take(state.waiting, h.size(0))));
}

StridedHalving::StridedHalving(const Weights& w, std::int64_t dim) {
  weight_ = (w / "conv")
                .get("weight", {dim, dim, 3, 3, 3})
                .permute({0, 2, 1, 3, 4})
                .reshape({dim, 3 * dim, 3, 3})
                .contiguous(at::MemoryFormat::ChannelsLast);
  bias_ = (w / "conv").get("bias", {dim});
}

at::Tensor StridedHalving::run(const at::Tensor& x, bool, LayerState& state, StreamContext&) const {
  if (!state.started) {  // two copies of the first frame before it
    state.started = true;
    state.waiting = x.narrow(0, 0, 1).expand({2, -1, -1, -1});
  }
  wait(state.waiting, x);
  const std::int64_t made = (state.waiting.size(0) - 1) / 2;
  const std::int64_t half_height = x.size(1) / 2, half_width = x.size(2) / 2;
  if (made == 0) return at::empty({0, half_height, half_width, x.size(3)}, x.options());
  const at::Tensor frames = state.waiting.narrow(0, 0, 2 * made + 1);
  const at::Tensor taps = at::cat(
      {frames.slice(0, 0, 2 * made, 2), frames.slice(0, 1, 2 * made, 2), frames.slice(0, 2, 2 * made + 1, 2)},
      3);  // [made, H, W, 3 * C]
  (void)take(state.waiting, 2 * made);
  return nn::conv2d_frames(taps, weight_, bias_, 2, 1);
}

FoldingHalving::FoldingHalving(const Weights& w, const EncoderStage& stage)
    : factors_(stage.factors),
      out_(stage.out),
      conv_(w / "conv", stage.in, stage.out / (stage.factors[0] * stage.factors[1] * stage.factors[2]),
            /*causal=*/true) {}

at::Tensor FoldingHalving::run(const at::Tensor& x, bool, LayerState& state, StreamContext& context) const {
  at::Tensor in = x;
  if (!state.started) {
    state.started = true;
    if (factors_[0] == 2) in = at::cat({x.narrow(0, 0, 1), x});
  }
  wait(state.waiting, in);
  const std::int64_t ready = state.waiting.size(0) / factors_[0] * factors_[0];
  if (ready == 0) return at::empty({0, x.size(1) / factors_[1], x.size(2) / factors_[2], out_}, x.options());
  const at::Tensor frames = take(state.waiting, ready);
  at::Tensor y = folded(conv_(frames, false, state.last[0], context), factors_);
  return y.add_(folded(frames, factors_).unflatten(3, {out_, -1}).mean(-1));
}

Doubling::Doubling(const Weights& w, const DecoderStage& stage, bool causal)
    : conv_(w / "conv", stage.out * stage.factor, stage.out * 8, causal),
      residual_(stage.residual),
      repeats_(8 / stage.factor) {}

at::Tensor Doubling::run(const at::Tensor& x, bool ends, LayerState& state, StreamContext& context) const {
  if (residual_) wait(state.waiting, x);
  const at::Tensor h = conv_(x, ends, state.last[0], context);
  if (h.size(0) == 0) return at::empty({0, 2 * x.size(1), 2 * x.size(2), h.size(3) / 8}, x.options());
  at::Tensor y = unfolded(h);
  if (residual_) y.add_(unfolded(take(state.waiting, h.size(0))).repeat({1, 1, 1, repeats_}));
  if (state.started) return y;
  state.started = true;
  return y.narrow(0, 1, y.size(0) - 1);
}

void LayerChain::add(std::unique_ptr<Layer> layer) {
  places_.push_back(next_);
  next_ += static_cast<std::size_t>(layer->convolutions());
  layers_.push_back(std::move(layer));
}

ChainStream::ChainStream(const LayerChain& chain, std::uint64_t seed)
    : chain_(&chain), states_(chain.layers().size()) {
  context_.noise = at::detail::createCPUGenerator(seed);
}

void ChainStream::push(const at::Tensor& x, bool ends) {
  states_.front().inputs.push_back(x);
  states_.front().inputs_end = ends;
}

at::Tensor ChainStream::pull() {
  for (std::size_t layer = states_.size(); layer-- > 0;) {
    LayerState& state = states_[layer];
    if (state.inputs.empty()) continue;
    at::Tensor x = std::move(state.inputs.front());
    state.inputs.pop_front();
    const std::int64_t most =
        std::max<std::int64_t>(1, max_chunk_elements * x.size(0) / std::max<std::int64_t>(1, x.numel()));
    if (x.size(0) > most) {
      state.inputs.push_front(x.narrow(0, most, x.size(0) - most));
      x = x.narrow(0, 0, most);
    }
    const bool ends = state.inputs_end && state.inputs.empty();
    context_.convolutions.rewind_to(chain_->place(layer));
    at::Tensor y = chain_->layers()[layer]->run(x, ends, state, context_);
    x.reset();
    const bool is_last = layer + 1 == states_.size();
    if (ends && !is_last) states_[layer + 1].inputs_end = true;
    if (y.size(0) > 0) {
      if (is_last) return y;
      states_[layer + 1].inputs.push_back(std::move(y));
    }
    layer = states_.size();  // from the deepest layer again
  }
  return {};
}

}  // namespace sora::ltx
