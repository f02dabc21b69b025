#include "models/ltx/networks/transformer_block.h"

#include "models/ltx/networks/rotary.h"
#include "nn/attention.h"
#include "nn/cuda/fused_ops.h"
#include "nn/ranks/token_split.h"

namespace sora::ltx {
namespace {

constexpr double kNormEps = 1e-5;  // of queries and keys; not a key of the config

/// [B, L, dim] -> [B, G, L / G, dim]
at::Tensor in_groups(const at::Tensor& x, std::int64_t groups) { return x.unflatten(1, {groups, -1}); }

at::Tensor rms_norm(const at::Tensor& wide, double eps) {
  return wide * at::rsqrt(wide.square().mean(-1, /*keepdim=*/true).add_(eps));
}

/// RMS norm over all heads together, then the heads rotated by `table` unless it is undefined.
/// x [B, L, heads * d] -> [B, heads, L, d].
at::Tensor heads_of(const at::Tensor& x, const at::Tensor& weight, std::int64_t heads,
                    const at::Tensor& table) {
  const at::Tensor normed =
      rms_norm(x.to(at::kFloat), kNormEps).mul_(weight).unflatten(-1, {heads, -1});  // [B, L, heads, d]
  const at::Tensor rotated = table.defined() ? apply_rotary(normed, table) : normed;
  return rotated.to(x.scalar_type()).transpose(1, 2);
}

at::Tensor norm_weight(const Weights& w, const TransformerConfig& config) {
  return w.get("weight", {config.dim()}, Precision::full);
}

}  // namespace

at::Tensor modulated_rms_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                              double eps) {
  const at::Tensor normed = rms_norm(x.to(at::kFloat), eps);  // [B, L, dim]
  return at::addcmul(shift.unsqueeze(2), in_groups(normed, scale.size(1)), (scale + 1).unsqueeze(2))
      .flatten(1, 2)
      .to(x.scalar_type());  // [B, L, dim]
}

void add_gated(at::Tensor& x, const at::Tensor& y, const at::Tensor& gate) {
  const auto composed = [&] {
    const at::Tensor stream = in_groups(x, gate.size(1)).to(at::kFloat);  // [B, G, L / G, dim]
    const at::Tensor branch = in_groups(y, gate.size(1)).to(at::kFloat);  // [B, G, L / G, dim]
    return at::addcmul(stream, branch, gate.unsqueeze(2)).flatten(1, 2);  // [B, L, dim]
  };
  if (nn::cuda::add_gated(x, y, gate, composed)) return;
  if (x.scalar_type() == at::kFloat) {
    in_groups(x, gate.size(1)).addcmul_(in_groups(y, gate.size(1)), gate.unsqueeze(2));
  } else {
    x.copy_(composed());
  }
}

SelfAttention::SelfAttention(const Weights& w, const TransformerConfig& config)
    : to_qkv(nn::fused({w / "to_q", w / "to_k", w / "to_v"}, config.dim(), config.dim())),
      to_out(w / "to_out" / "0", config.dim(), config.dim()),
      norm_q(norm_weight(w / "norm_q", config)),
      norm_k(norm_weight(w / "norm_k", config)),
      heads(config.num_attention_heads) {}

at::Tensor SelfAttention::operator()(const at::Tensor& x, const at::Tensor& table) const {
  const auto qkv = to_qkv(x).chunk(3, -1);                      // [B, L, dim]
  const at::Tensor q = heads_of(qkv[0], norm_q, heads, table);  // [B, heads, L, d]
  const at::Tensor k = heads_of(qkv[1], norm_k, heads, table);  // [B, heads, L, d]
  const at::Tensor v = nn::split_heads(qkv[2], heads);          // [B, heads, L, d]
  return to_out(nn::merge_heads(nn::self_attention(q, k, v)));  // [B, L, dim]
}

CrossAttention::CrossAttention(const Weights& w, const TransformerConfig& config)
    : to_q(w / "to_q", config.dim(), config.dim()),
      to_kv(nn::fused({w / "to_k", w / "to_v"}, config.dim(), config.dim())),
      to_out(w / "to_out" / "0", config.dim(), config.dim()),
      norm_q(norm_weight(w / "norm_q", config)),
      norm_k(norm_weight(w / "norm_k", config)),
      heads(config.num_attention_heads) {}

BlockContext CrossAttention::prepare(const at::Tensor& text) const {
  const auto kv = to_kv(text).chunk(2, -1);  // [B, N, dim]
  return {heads_of(kv[0], norm_k, heads, {}).contiguous(), nn::split_heads(kv[1], heads).contiguous()};
}

at::Tensor CrossAttention::operator()(const at::Tensor& x, const BlockContext& context,
                                      const at::Tensor& mask) const {
  const at::Tensor q = heads_of(to_q(x), norm_q, heads, {});  // [B, heads, L, d]
  const at::Tensor attended = mask.defined()
                                  ? at::scaled_dot_product_attention(q, context.key, context.value, mask)
                                  : nn::attention(q, context.key, context.value);
  return to_out(nn::merge_heads(attended));  // [B, L, dim]
}

TransformerBlock::TransformerBlock(const Weights& w, const TransformerConfig& config)
    : attn1(w / "attn1", config),
      attn2(w / "attn2", config),
      ff_in(w / "ff" / "net" / "0" / "proj", config.dim(), config.ffn_dim()),
      ff_out(w / "ff" / "net" / "2", config.ffn_dim(), config.dim()),
      scale_shift_table(w.get("scale_shift_table", {6, config.dim()}, Precision::full)),
      eps(config.norm_eps) {}

void TransformerBlock::apply(at::Tensor& x, const at::Tensor& timestep_proj, const BlockContext& context,
                             const at::Tensor& mask, const at::Tensor& table) const {
  const auto modulation = (timestep_proj + scale_shift_table).unbind(2);  // 6 x [B, G, dim]
  const at::Tensor &shift_msa = modulation[0], &scale_msa = modulation[1], &gate_msa = modulation[2];
  const at::Tensor &shift_mlp = modulation[3], &scale_mlp = modulation[4], &gate_mlp = modulation[5];

  add_gated(x, attn1(modulated_rms_norm(x, scale_msa, shift_msa, eps), table), gate_msa);  // [B, L, dim]

  x.add_(attn2(x, context, mask));  // [B, L, dim]

  at::Tensor hidden = ff_in(modulated_rms_norm(x, scale_mlp, shift_mlp, eps));  // [B, L, 4 dim]
  add_gated(x, ff_out(at::gelu_(hidden, "tanh")), gate_mlp);                    // [B, L, dim]
}

}  // namespace sora::ltx
