#include "models/wan/networks/transformer_block.h"

#include <tuple>

#include "models/wan/networks/transformer_ops.h"
#include "nn/attention.h"
#include "nn/ranks/token_split.h"

namespace sora::wan {
namespace {

/// softmax(q k^T / sqrt(d) + key_bias) v. q [B, heads, L, d], k and v [B, heads, N, d], key_bias [N].
at::Tensor biased_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const at::Tensor& key_bias) {
  return at::scaled_dot_product_attention(q, k, v, key_bias.view({1, 1, 1, -1}));
}

}  // namespace

SelfAttention::SelfAttention(const Weights& w, const TransformerConfig& config)
    : to_qkv(nn::fused({w / "to_q", w / "to_k", w / "to_v"}, config.dim(), config.dim())),
      to_out(w / "to_out" / "0", config.dim(), config.dim()),
      norm_q((w / "norm_q").get("weight", {config.dim()}, Precision::full)),
      norm_k((w / "norm_k").get("weight", {config.dim()}, Precision::full)),
      heads(config.num_attention_heads),
      eps(config.eps) {}

at::Tensor SelfAttention::operator()(const at::Tensor& x, const at::Tensor& rotary_table,
                                     const LayerPast& past) const {
  const auto qkv = to_qkv(x).chunk(3, -1);  // [B, L, dim]
  const at::Tensor q =
      norm_and_rotate(qkv[0], norm_q, eps, heads, rotary_table).transpose(1, 2);  // [B, h, L, d]
  at::Tensor k = norm_and_rotate(qkv[1], norm_k, eps, heads,
                                 past.rotates_late() ? at::Tensor() : rotary_table);  // [B, L, h, d]
  at::Tensor v = qkv[2].unflatten(-1, {heads, -1});                                   // [B, L, h, d]
  if (past.cache != nullptr) std::tie(k, v) = past.cache->extended(past.layer, k, v);  // [1, N, h, d]
  return to_out(
      nn::merge_heads(nn::self_attention(q, k.transpose(1, 2), v.transpose(1, 2))));  // [B, L, dim]
}

CrossAttention::CrossAttention(const Weights& w, const TransformerConfig& config)
    : to_q(w / "to_q", config.dim(), config.dim()),
      to_kv(nn::fused({w / "to_k", w / "to_v"}, config.dim(), config.dim())),
      to_out(w / "to_out" / "0", config.dim(), config.dim()),
      norm_q((w / "norm_q").get("weight", {config.dim()}, Precision::full)),
      norm_k((w / "norm_k").get("weight", {config.dim()}, Precision::full)),
      heads(config.num_attention_heads),
      eps(config.eps) {
  if (config.added_kv_proj_dim) {
    add_kv_proj = nn::fused({w / "add_k_proj", w / "add_v_proj"}, *config.added_kv_proj_dim, config.dim());
    norm_added_k = (w / "norm_added_k").get("weight", {config.dim()}, Precision::full);
  }
}

BlockContext CrossAttention::prepare(const at::Tensor& text, const at::Tensor& image) const {
  const auto heads_of = [&](const nn::Linear& proj, const at::Tensor& norm, const at::Tensor& tokens) {
    const auto kv = proj(tokens).chunk(2, -1);  // [B, N, dim]
    return std::pair(norm_and_rotate(kv[0], norm, eps, heads, {}).transpose(1, 2).contiguous(),
                     nn::split_heads(kv[1], heads).contiguous());  // [B, heads, N, d]
  };
  BlockContext context;
  std::tie(context.key, context.value) = heads_of(to_kv, norm_k, text);
  if (image.defined() && norm_added_k.defined()) {
    std::tie(context.image_key, context.image_value) = heads_of(add_kv_proj, norm_added_k, image);
  }
  return context;
}

at::Tensor CrossAttention::operator()(const at::Tensor& x, const BlockContext& context,
                                      const at::Tensor& key_bias) const {
  const at::Tensor q = norm_and_rotate(to_q(x), norm_q, eps, heads, {}).transpose(1, 2);  // [B, heads, L, d]
  at::Tensor attended = key_bias.defined() ? biased_attention(q, context.key, context.value, key_bias)
                                           : nn::attention(q, context.key, context.value);
  if (context.image_key.defined()) {
    attended = attended + nn::attention(q, context.image_key, context.image_value);  // [B, heads, L, d]
  }
  return to_out(nn::merge_heads(attended));  // [B, L, dim]
}

TransformerBlock::TransformerBlock(const Weights& w, const TransformerConfig& config)
    : attn1(w / "attn1", config),
      attn2(w / "attn2", config),
      ffn_in(w / "ffn" / "net" / "0" / "proj", config.dim(), config.ffn_dim),
      ffn_out(w / "ffn" / "net" / "2", config.ffn_dim, config.dim()),
      scale_shift_table(w.get("scale_shift_table", {1, 6, config.dim()}, Precision::full)),
      cross_attn_norm(config.cross_attn_norm),
      eps(config.eps) {
  if (cross_attn_norm) norm2 = nn::LayerNorm(w / "norm2", config.dim(), config.eps);
}

void TransformerBlock::apply(at::Tensor& x, const at::Tensor& timestep_proj, const BlockContext& context,
                             const at::Tensor& key_bias, const at::Tensor& rotary_table,
                             const LayerPast& past) const {
  const auto modulation = (timestep_proj + scale_shift_table).unbind(2);  // 6 x [B, G, dim]
  const at::Tensor &shift_msa = modulation[0], &scale_msa = modulation[1], &gate_msa = modulation[2];
  const at::Tensor &shift_ffn = modulation[3], &scale_ffn = modulation[4], &gate_ffn = modulation[5];

  add_gated(x, attn1(modulated_norm(x, scale_msa, shift_msa, eps), rotary_table, past), gate_msa);  // [B, L, dim]

  x.add_(attn2(cross_attn_norm ? norm2(x) : x, context, key_bias));  // [B, L, dim]

  const at::Tensor hidden = gelu_tanh_(ffn_in(modulated_norm(x, scale_ffn, shift_ffn, eps)));  // [B, L, ffn]
  add_gated(x, ffn_out(hidden), gate_ffn);                                                     // [B, L, dim]
}

}  // namespace sora::wan
