#pragma once

#include <vector>

#include "weights/weights.h"

namespace sora::nn {

/// y = x W^T + b over the last dimension; weight [out, in], bias [out].
struct Linear {
  at::Tensor weight;  ///< undefined for stored and streamed weights (WeightStorage)
  at::Tensor bias;
  std::shared_ptr<const StoredWeight> stored;  ///< where `weight` is undefined

  Linear() = default;
  Linear(const Weights& w, std::int64_t in, std::int64_t out, bool with_bias = true)
      : Linear(w.matrix("weight", out, in), with_bias ? w.get("bias", {out}) : at::Tensor()) {}
  Linear(const Matrix& matrix, at::Tensor bias_)
      : weight(matrix.tensor), bias(std::move(bias_)), stored(matrix.stored) {}

  /// [out, in], widened; release it before another layer is used.
  at::Tensor matrix() const { return stored ? stored->widened() : weight; }

  /// [.., in] -> [.., out]
  at::Tensor operator()(const at::Tensor& x) const;
};

/// Layers that share an input as one layer: their outputs, `out` channels each, side by side.
Linear fused(const std::vector<Weights>& layers, std::int64_t in, std::int64_t out);

}  // namespace sora::nn
