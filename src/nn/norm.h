#pragma once

#include "weights/weights.h"

namespace sora::nn {

/// Root-mean-square norm over the last dimension: x * rsqrt(mean(x^2) + eps) * weight; statistics in fp32.
struct RmsNorm {
  at::Tensor weight;
  double eps = 1e-6;

  RmsNorm() = default;
  RmsNorm(const Weights& w, std::int64_t dim, double eps_)
      : weight(w.get("weight", {dim}, Precision::full)), eps(eps_) {}

  at::Tensor operator()(const at::Tensor& x) const;
};

/// Layer norm over the last dimension, computed in fp32 and cast back to x's type. Without affine
/// parameters when built from (dim, eps).
struct LayerNorm {
  at::Tensor weight, bias;
  std::int64_t dim = 0;
  double eps = 1e-6;

  LayerNorm() = default;
  LayerNorm(std::int64_t dim_, double eps_) : dim(dim_), eps(eps_) {}
  LayerNorm(const Weights& w, std::int64_t dim_, double eps_)
      : weight(w.get("weight", {dim_}, Precision::full)),
        bias(w.get("bias", {dim_}, Precision::full)),
        dim(dim_),
        eps(eps_) {}

  at::Tensor operator()(const at::Tensor& x) const;
};

}  // namespace sora::nn
