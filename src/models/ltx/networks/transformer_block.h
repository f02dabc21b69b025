// A block of the LTX-Video transformer: self-attention, cross-attention to the prompt, feed-forward.
#pragma once

#include "models/ltx/transformer_config.h"
#include "nn/linear.h"
#include "weights/weights.h"

namespace sora::ltx {

/// Keys and values of the prompt for one block, [B, heads, N, head_dim].
struct BlockContext {
  at::Tensor key, value;
};

/// RMS norm without weights, then modulated: x * rsqrt(mean(x^2) + eps) * (1 + scale) + shift, in fp32.
/// x [B, L, dim]; scale and shift [B, G, dim], fp32, each for L / G consecutive tokens.
at::Tensor modulated_rms_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                              double eps);

/// x += gate * y, in place, summed in fp32. x and y [B, L, dim], gate [B, G, dim].
void add_gated(at::Tensor& x, const at::Tensor& y, const at::Tensor& gate);

struct SelfAttention {
  nn::Linear to_qkv;  // to_q, to_k and to_v as one product
  nn::Linear to_out;
  at::Tensor norm_q, norm_k;
  std::int64_t heads = 0;

  SelfAttention(const Weights& w, const TransformerConfig& config);

  /// x [B, L, dim], table as in rotary.h -> [B, L, dim].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& table) const;
};

struct CrossAttention {
  nn::Linear to_q, to_kv, to_out;
  at::Tensor norm_q, norm_k;
  std::int64_t heads = 0;

  CrossAttention(const Weights& w, const TransformerConfig& config);

  /// Embedded text [B, N, dim].
  BlockContext prepare(const at::Tensor& text) const;

  /// x [B, L, dim]; mask [B, 1, 1, N] is added to the scores, undefined for none -> [B, L, dim].
  at::Tensor operator()(const at::Tensor& x, const BlockContext& context, const at::Tensor& mask) const;
};

struct TransformerBlock {
  SelfAttention attn1;
  CrossAttention attn2;
  nn::Linear ff_in, ff_out;
  at::Tensor scale_shift_table;  // [6, dim]
  double eps = 1e-6;

  TransformerBlock(const Weights& w, const TransformerConfig& config);

  /// Adds the block's three branches to x [B, L, dim] in place; timestep_proj [B, G, 6, dim].
  void apply(at::Tensor& x, const at::Tensor& timestep_proj, const BlockContext& context,
             const at::Tensor& mask, const at::Tensor& table) const;
};

}  // namespace sora::ltx
