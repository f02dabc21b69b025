#pragma once

#include <ATen/ATen.h>

namespace sora::nn {

/// [B, L, heads * d] -> [B, heads, L, d]
inline at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) {
  return x.unflatten(-1, {heads, -1}).transpose(1, 2);
}

/// [B, heads, L, d] -> [B, L, heads * d]
inline at::Tensor merge_heads(const at::Tensor& x) { return x.transpose(1, 2).flatten(2); }

/// softmax(q k^T / sqrt(d)) v without a mask; q [B, heads, Lq, d], k and v [B, heads, Lk, d]. On a GPU by the
/// method that is the fastest there (attention_choice.h): the first call of a kind measures them.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

}  // namespace sora::nn
