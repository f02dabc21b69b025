#include "models/wan/networks/vae_blocks.h"

#include <utility>

#include "nn/attention.h"

namespace sora::wan {

ChannelNorm::ChannelNorm(const Weights& w, std::int64_t dim, std::size_t trailing) {
  std::vector<std::int64_t> shape(1 + trailing, 1);
  shape[0] = dim;
  gamma = w.get("gamma", shape, Precision::full).flatten();
}

nn::Linear pointwise(const Weights& w, std::int64_t in, std::int64_t out, std::size_t trailing) {
  std::vector<std::int64_t> shape(2 + trailing, 1);
  shape[0] = out;
  shape[1] = in;
  nn::Linear linear;
  linear.weight = w.get("weight", shape).flatten(1);
  linear.bias = w.get("bias", {out});
  return linear;
}

ResidualBlock::ResidualBlock(const Weights& w, std::int64_t in, std::int64_t out)
    : norm1_(w / "norm1", in),
      norm2_(w / "norm2", out),
      conv1_(w / "conv1", in, out),
      conv2_(w / "conv2", out, out) {
  if (in != out) conv_shortcut_ = pointwise(w / "conv_shortcut", in, out, 3);
}

at::Tensor ResidualBlock::operator()(at::Tensor x, nn::StreamState& state) const {
  nn::PixelEpilogue normed;
  normed.gamma = norm2_.gamma;
  normed.silu = true;
  at::Tensor h = conv1_(norm1_.silu(x), state, normed);  // [T, H, W, out], after norm2 and SiLU
  nn::PixelEpilogue summed;
  summed.residual = conv_shortcut_.weight.defined() ? conv_shortcut_(x) : std::move(x);
  // Saves one frame of memory, 150 MB in a large video.
  summed.into_residual = summed.residual.use_count() == 1 && summed.residual.storage().use_count() == 1;
  return conv2_(std::move(h), state, summed);  // [T, H, W, out]
}

AttentionBlock::AttentionBlock(const Weights& w, std::int64_t dim)
    : norm_(w / "norm", dim, 2),
      to_qkv_(pointwise(w / "to_qkv", dim, 3 * dim, 2)),
      proj_(pointwise(w / "proj", dim, dim, 2)) {}

at::Tensor AttentionBlock::operator()(const at::Tensor& x, const nn::Strip* strip) const {
  const std::int64_t dim = x.size(3);
  const at::Tensor qkv = to_qkv_(norm_(x));              // [T, H, W, 3*C]
  at::Tensor keys_values = qkv.narrow(3, dim, 2 * dim);  // [T, H, W, 2*C]
  if (strip != nullptr) keys_values = strip->all_rows(keys_values);
  const auto pixels = [](const at::Tensor& part) { return part.flatten(1, 2).unsqueeze(1); };
  const auto kv = pixels(keys_values).chunk(2, -1);  // [T, 1, H*W, C] each
  const at::Tensor y = nn::attention(pixels(qkv.narrow(3, 0, dim)), kv[0], kv[1]).reshape(x.sizes());
  return proj_(y).add_(x);  // [T, H, W, C]
}

MidBlock::MidBlock(const Weights& w, std::int64_t dim)
    : first_(w / "resnets" / 0, dim, dim),
      attention_(w / "attentions" / 0, dim),
      second_(w / "resnets" / 1, dim, dim) {}

at::Tensor MidBlock::operator()(at::Tensor x, nn::StreamState& state) const {
  return second_(attention_(first_(std::move(x), state), state.strip()), state);
}

}  // namespace sora::wan
