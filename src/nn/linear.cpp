#include "nn/linear.h"

#include "nn/cpu/matrix_product.h"
#include "nn/fp8_product.h"

namespace sora::nn {

at::Tensor Linear::operator()(const at::Tensor& x) const {
  if (stored && stored->is_plain_bf16() && takes_bf16(x))
    return linear_product_of_bf16(x, stored->plain(), bias);
  if (stored && takes_fp8(*stored, x)) {
    if (auto y = fp8_product(*stored, x, bias)) return *y;
  }
  return linear_product(x, matrix(), bias);
}

Linear fused(const std::vector<Weights>& layers, std::int64_t in, std::int64_t out) {
  std::vector<at::Tensor> biases;
  biases.reserve(layers.size());
  for (const Weights& layer : layers) biases.push_back(layer.get("bias", {out}));
  return {Weights::fused(layers, "weight", out, in), at::cat(biases)};
}

}  // namespace sora::nn
