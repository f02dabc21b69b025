// The encoder of T5 (https://arxiv.org/abs/1910.10683; v1.1 and UMT5 included), as transformers'
// T5EncoderModel and UMT5EncoderModel compute it. Members have the checkpoint's names.
#pragma once

#include <vector>

#include "models/t5/config.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "weights/weights.h"

namespace sora {

/// Position bias of each head by the distance between key and query.
struct T5RelativeBias {
  at::Tensor weight;  // [buckets, heads]

  T5RelativeBias() = default;
  T5RelativeBias(const Weights& w, const T5Config& config);

  /// buckets [L, L] -> [1, heads, L, L]
  at::Tensor operator()(const at::Tensor& buckets) const;
};

/// Bucket of each pair of positions, [length, length] (query, key): exact for small distances, on a
/// logarithmic scale up to relative_attention_max_distance, one half of the buckets for each direction.
at::Tensor t5_relative_buckets(std::int64_t length, const T5Config& config);

struct T5Attention {
  nn::Linear q, k, v, o;
  std::int64_t heads = 0;

  T5Attention(const Weights& w, const T5Config& config);
  /// x [B, L, d_model], bias [1, heads, L, L]
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& bias) const;
};

struct T5FeedForward {
  nn::Linear wi, wi_0, wi_1, wo;  // wi; with a gate instead wi_0 and wi_1
  T5Config::Activation activation;
  bool gated;

  T5FeedForward(const Weights& w, const T5Config& config);
  at::Tensor operator()(const at::Tensor& x) const;
};

struct T5Block {
  nn::RmsNorm attention_norm;  // layer.0.layer_norm
  T5Attention attention;       // layer.0.SelfAttention
  T5RelativeBias relative_bias;
  nn::RmsNorm feed_forward_norm;  // layer.1.layer_norm
  T5FeedForward feed_forward;     // layer.1.DenseReluDense

  T5Block(const Weights& w, const T5Config& config, bool with_bias);
};

class T5Encoder {
 public:
  T5Encoder(const Weights& w, const T5Config& config, at::ScalarType compute_type);

  /// ids [B, L] (int64, on the weights' device, none of them padding) -> [B, L, d_model]
  at::Tensor operator()(const at::Tensor& ids) const;

  const T5Config& config() const { return config_; }

 private:
  T5Config config_;
  at::ScalarType compute_type_;
  RowTable embedding_;  // [vocab_size, d_model]
  std::vector<T5Block> block_;
  nn::RmsNorm final_layer_norm_;
};

}  // namespace sora
