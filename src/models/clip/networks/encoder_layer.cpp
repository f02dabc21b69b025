#include "models/clip/networks/encoder_layer.h"

#include "nn/attention.h"
#include "sora/error.h"

namespace sora::clip {
namespace {

nn::Linear fused_qkv(const Weights& w, std::int64_t dim) {
  if (w.has("to_qkv.weight")) return nn::Linear(w / "to_qkv", dim, 3 * dim);
  return nn::fused({w / "q_proj", w / "k_proj", w / "v_proj"}, dim, dim);
}

at::Tensor activated(const at::Tensor& x, EncoderConfig::Activation activation) {
  switch (activation) {
    case EncoderConfig::Activation::gelu:
      return at::gelu(x);
    case EncoderConfig::Activation::gelu_tanh:
      return at::gelu(x, "tanh");
    case EncoderConfig::Activation::quick_gelu:
      return x * at::sigmoid(1.702 * x);
  }
  throw Error(ErrorKind::internal, "clip", "unknown activation");
}

}  // namespace

EncoderLayer::EncoderLayer(const Weights& w, const EncoderConfig& config)
    : layer_norm1(w / "layer_norm1", config.hidden_size, config.layer_norm_eps),
      layer_norm2(w / "layer_norm2", config.hidden_size, config.layer_norm_eps),
      qkv(fused_qkv(w / "self_attn", config.hidden_size)),
      out_proj(w / "self_attn" / "out_proj", config.hidden_size, config.hidden_size),
      fc1(w / "mlp" / "fc1", config.hidden_size, config.intermediate_size),
      fc2(w / "mlp" / "fc2", config.intermediate_size, config.hidden_size),
      heads(config.num_attention_heads),
      activation(config.hidden_act) {}

at::Tensor EncoderLayer::operator()(const at::Tensor& x, bool is_causal) const {
  const auto parts = qkv(layer_norm1(x)).chunk(3, -1);        // 3 x [B, N, C]
  const at::Tensor query = nn::split_heads(parts[0], heads);  // [B, heads, N, d]
  const at::Tensor key = nn::split_heads(parts[1], heads);    // [B, heads, N, d]
  const at::Tensor value = nn::split_heads(parts[2], heads);  // [B, heads, N, d]
  const at::Tensor attended =
      is_causal ? at::scaled_dot_product_attention(query, key, value, {}, /*dropout_p=*/0.0, true)
                : nn::attention(query, key, value);              // [B, heads, N, d]
  const at::Tensor y = x + out_proj(nn::merge_heads(attended));  // [B, N, C]
  return y + fc2(activated(fc1(layer_norm2(y)), activation));    // [B, N, C]
}

}  // namespace sora::clip
