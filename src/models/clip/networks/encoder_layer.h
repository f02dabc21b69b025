// A layer of CLIP's encoders, the same in both.
#pragma once

#include <ATen/ATen.h>

#include "models/clip/config.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "weights/weights.h"

namespace sora::clip {

struct EncoderLayer {
  nn::LayerNorm layer_norm1, layer_norm2;
  nn::Linear qkv;  // q_proj, k_proj and v_proj as one product
  nn::Linear out_proj, fc1, fc2;
  std::int64_t heads = 0;
  EncoderConfig::Activation activation = EncoderConfig::Activation::gelu;

  EncoderLayer(const Weights& w, const EncoderConfig& config);

  /// x [B, N, C] -> [B, N, C]; `is_causal`: tokens attend to those before them only.
  at::Tensor operator()(const at::Tensor& x, bool is_causal = false) const;
};

}  // namespace sora::clip
