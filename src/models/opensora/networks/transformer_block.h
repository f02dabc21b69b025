// The blocks of Open-Sora 2.0's transformer, which are those of Flux: first the text and the video have
// weights of their own and attend to each other; then both are one sequence.
#pragma once

#include "models/opensora/networks/rotary.h"
#include "models/opensora/transformer_config.h"
#include "nn/linear.h"
#include "weights/weights.h"

namespace sora::opensora {

/// One branch's shift, scale and gate, [B, 1, C] each.
struct Modulation {
  at::Tensor shift, scale, gate;
  /// (1 + scale) * layer_norm(x) + shift, in x's type.
  at::Tensor norm(const at::Tensor& x) const;
};

/// Queries, keys and values [B, heads, N, head_dim] each.
struct Heads {
  at::Tensor q, k, v;
};

/// RMS norms of queries and keys; scope `norm`.
struct HeadNorm {
  at::Tensor query_norm, key_norm;
  HeadNorm(const Weights& w, std::int64_t head_dim);
  void apply(Heads& heads) const;
};

/// One stream of a double block: text or video.
struct Stream {
  nn::Linear mod, qkv, proj, mlp_in, mlp_out;
  HeadNorm norm;
  std::int64_t heads;

  /// Scopes <name>_mod, <name>_attn and <name>_mlp.
  Stream(const Weights& w, const std::string& name, const TransformerConfig& config);
  std::array<Modulation, 2> modulations(const at::Tensor& vec) const;  ///< vec [B, C], after SiLU
  Heads attend(const at::Tensor& x, const Modulation& modulation) const;
  /// Adds attention [B, N, C] and the feed-forward to x.
  at::Tensor added(const at::Tensor& x, const at::Tensor& attention,
                   const std::array<Modulation, 2>& modulations) const;
};

struct DoubleBlock {
  Stream img, txt;
  bool halves;

  DoubleBlock(const Weights& w, const TransformerConfig& config);
  /// x [B, text + L, C], the text first; changed in place.
  void apply(at::Tensor& x, std::int64_t text, const at::Tensor& vec, const RotaryTable& table) const;
};

struct SingleBlock {
  nn::Linear modulation, linear2;
  nn::Linear linear1;     // queries, keys, values and the inner layer of the feed-forward side by side; or
  nn::Linear q_k, v_mlp;  // queries and keys, and the rest, where they are not fused
  HeadNorm norm;
  std::int64_t heads, hidden_size, mlp_dim;
  bool halves;

  SingleBlock(const Weights& w, const TransformerConfig& config);
  void apply(at::Tensor& x, const at::Tensor& vec, const RotaryTable& table) const;
};

}  // namespace sora::opensora
