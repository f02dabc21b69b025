// A block of the Wan transformer: self-attention, cross-attention to the prompt, feed-forward.
#pragma once

#include "models/wan/networks/key_value_cache.h"
#include "models/wan/transformer_config.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "weights/weights.h"

namespace sora::wan {

/// Keys and values of the prompt for one block, [B, heads, N, head_dim]; those of the image where the model
/// has separate projections for it.
struct BlockContext {
  at::Tensor key, value;
  at::Tensor image_key, image_value;
};

struct SelfAttention {
  nn::Linear to_qkv;  // to_q, to_k and to_v as one product
  nn::Linear to_out;
  at::Tensor norm_q, norm_k;
  std::int64_t heads = 0;
  double eps = 1e-6;

  SelfAttention(const Weights& w, const TransformerConfig& config);

  /// x [B, L, dim], rotary_table as in rotary.h -> [B, L, dim]. With a `past`, B is 1, and x attends to that
  /// too.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& rotary_table, const LayerPast& past = {}) const;
};

struct CrossAttention {
  nn::Linear to_q, to_kv, to_out;
  at::Tensor norm_q, norm_k;
  nn::Linear add_kv_proj;  // of image tokens, with added_kv_proj_dim
  at::Tensor norm_added_k;
  std::int64_t heads = 0;
  double eps = 1e-6;

  CrossAttention(const Weights& w, const TransformerConfig& config);

  /// Embedded text [B, N, dim] and image tokens [B, n, dim] (undefined when there are none).
  BlockContext prepare(const at::Tensor& text, const at::Tensor& image) const;

  /// x [B, L, dim]; key_bias [N] is added to the scores, undefined for none -> [B, L, dim].
  at::Tensor operator()(const at::Tensor& x, const BlockContext& context, const at::Tensor& key_bias) const;
};

struct TransformerBlock {
  SelfAttention attn1;
  CrossAttention attn2;
  nn::LayerNorm norm2;  // with cross_attn_norm
  nn::Linear ffn_in, ffn_out;
  at::Tensor scale_shift_table;  // [1, 6, dim]
  bool cross_attn_norm = true;
  double eps = 1e-6;

  TransformerBlock(const Weights& w, const TransformerConfig& config);

  /// Adds the block's three branches to x [B, L, dim] in place; timestep_proj [B, G, 6, dim].
  void apply(at::Tensor& x, const at::Tensor& timestep_proj, const BlockContext& context,
             const at::Tensor& key_bias, const at::Tensor& rotary_table, const LayerPast& past = {}) const;
};

}  // namespace sora::wan
