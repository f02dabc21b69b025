#include "models/t5/networks/encoder.h"

#include <cmath>

#include "nn/attention.h"

namespace sora {
namespace {

at::Tensor activate(const at::Tensor& x, T5Config::Activation activation) {
  switch (activation) {
    case T5Config::Activation::relu:
      return at::relu(x);
    case T5Config::Activation::gelu:
      return at::gelu(x);
    case T5Config::Activation::gelu_tanh:
      return at::gelu(x, "tanh");
    case T5Config::Activation::silu:
      return at::silu(x);
  }
  return x;
}

nn::Linear no_bias(const Weights& w, std::int64_t in, std::int64_t out) {
  return nn::Linear(w, in, out, /*with_bias=*/false);
}

RowTable embedding_table(const Weights& w, const T5Config& config) {
  const std::vector<std::int64_t> shape = {config.vocab_size, config.d_model};
  const Weights old = w / "encoder" / "embed_tokens";
  return !(w / "shared").has("weight") && old.has("weight") ? old.table("weight", shape)
                                                            : (w / "shared").table("weight", shape);
}

}  // namespace

T5RelativeBias::T5RelativeBias(const Weights& w, const T5Config& config)
    : weight(w.get("weight", {config.relative_attention_num_buckets, config.num_heads})) {}

at::Tensor T5RelativeBias::operator()(const at::Tensor& buckets) const {
  const at::Tensor bias = at::embedding(weight, buckets);    // [L, L, heads]
  return bias.permute({2, 0, 1}).unsqueeze(0).contiguous();  // [1, heads, L, L]
}

at::Tensor t5_relative_buckets(std::int64_t length, const T5Config& config) {
  const std::int64_t half = config.relative_attention_num_buckets / 2;
  const std::int64_t exact = half / 2;
  const double range =
      std::log(static_cast<double>(config.relative_attention_max_distance) / static_cast<double>(exact));

  const at::Tensor position = at::arange(length, at::kLong);
  const at::Tensor offset = position.unsqueeze(0) - position.unsqueeze(1);  // [L, L], key - query
  const at::Tensor distance = offset.abs();
  // In fp32 as in the reference, since truncation to integers exposes any difference in rounding.
  const at::Tensor share = at::log(distance.to(at::kFloat) / exact) / range;
  const at::Tensor scaled = exact + (share * (half - exact)).to(at::kLong);
  const at::Tensor bucket = at::where(distance < exact, distance, scaled.clamp_max(half - 1));
  return (offset > 0).to(at::kLong) * half + bucket;
}

T5Attention::T5Attention(const Weights& w, const T5Config& config)
    : q(no_bias(w / "q", config.d_model, config.num_heads * config.d_kv)),
      k(no_bias(w / "k", config.d_model, config.num_heads * config.d_kv)),
      v(no_bias(w / "v", config.d_model, config.num_heads * config.d_kv)),
      o(no_bias(w / "o", config.num_heads * config.d_kv, config.d_model)),
      heads(config.num_heads) {}

at::Tensor T5Attention::operator()(const at::Tensor& x, const at::Tensor& bias) const {
  const at::Tensor query = nn::split_heads(q(x), heads);  // [B, heads, L, d_kv]
  const at::Tensor key = nn::split_heads(k(x), heads);    // [B, heads, L, d_kv]
  const at::Tensor value = nn::split_heads(v(x), heads);  // [B, heads, L, d_kv]
  // T5 does not scale by 1/sqrt(d_kv): its initialization accounts for that.
  const at::Tensor mixed = at::scaled_dot_product_attention(query, key, value, bias, /*dropout_p=*/0.0,
                                                            /*is_causal=*/false, /*scale=*/1.0);
  return o(nn::merge_heads(mixed));  // [B, L, d_model]
}

T5FeedForward::T5FeedForward(const Weights& w, const T5Config& config)
    : wo(no_bias(w / "wo", config.d_ff, config.d_model)), activation(config.activation), gated(config.gated) {
  if (gated) {
    wi_0 = no_bias(w / "wi_0", config.d_model, config.d_ff);
    wi_1 = no_bias(w / "wi_1", config.d_model, config.d_ff);
  } else {
    wi = no_bias(w / "wi", config.d_model, config.d_ff);
  }
}

at::Tensor T5FeedForward::operator()(const at::Tensor& x) const {
  if (!gated) return wo(activate(wi(x), activation));
  return wo(activate(wi_0(x), activation) * wi_1(x));  // [B, L, d_model]
}

T5Block::T5Block(const Weights& w, const T5Config& config, bool with_bias)
    : attention_norm(w / "layer" / 0 / "layer_norm", config.d_model, config.layer_norm_epsilon),
      attention(w / "layer" / 0 / "SelfAttention", config),
      feed_forward_norm(w / "layer" / 1 / "layer_norm", config.d_model, config.layer_norm_epsilon),
      feed_forward(w / "layer" / 1 / "DenseReluDense", config) {
  if (with_bias) {
    relative_bias = T5RelativeBias(w / "layer" / 0 / "SelfAttention" / "relative_attention_bias", config);
  }
}

T5Encoder::T5Encoder(const Weights& w, const T5Config& config, at::ScalarType compute_type)
    : config_(config),
      compute_type_(compute_type),
      embedding_(embedding_table(w, config)),
      final_layer_norm_(w / "encoder" / "final_layer_norm", config.d_model, config.layer_norm_epsilon) {
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    block_.emplace_back(w / "encoder" / "block" / i, config, /*with_bias=*/i == 0 || !config.shared_bias);
  }
}

at::Tensor T5Encoder::operator()(const at::Tensor& ids) const {
  const at::Tensor buckets = t5_relative_buckets(ids.size(1), config_).to(ids.device());  // [L, L]
  at::Tensor x = embedding_(ids).to(compute_type_);                                       // [B, L, d_model]
  at::Tensor bias;                                                                        // [1, heads, L, L]
  for (const T5Block& block : block_) {
    if (block.relative_bias.weight.defined()) bias = block.relative_bias(buckets).to(compute_type_);
    x = x + block.attention(block.attention_norm(x), bias);  // [B, L, d_model]
    x = x + block.feed_forward(block.feed_forward_norm(x));  // [B, L, d_model]
  }
  return final_layer_norm_(x);  // [B, L, d_model]
}

}  // namespace sora
