#pragma once

#include "checkpoint/weights.h"

namespace sora::nn {

/// y = x W^T + b over the last dimension; weight [out, in], bias [out].
struct Linear {
  at::Tensor weight, bias;

  Linear() = default;
  Linear(const Weights& w, std::int64_t in, std::int64_t out, bool with_bias = true)
      : weight(w.get("weight", {out, in})), bias(with_bias ? w.get("bias", {out}) : at::Tensor()) {}

  at::Tensor operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }
};

}  // namespace sora::nn
