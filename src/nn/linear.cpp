#include "nn/linear.h"

namespace sora::nn {

Linear joined(const std::vector<Weights>& layers, std::int64_t in, std::int64_t out) {
  std::vector<at::Tensor> biases;
  biases.reserve(layers.size());
  for (const Weights& layer : layers) biases.push_back(layer.get("bias", {out}));
  return {Weights::joined(layers, "weight", out, in), at::cat(biases)};
}

}  // namespace sora::nn
