// One kernel for one type and one length of rows, as it is compiled.
#pragma once

#include <compare>
#include <string>

#include "nn/cuda/kernel_arguments.h"

namespace sora::nn::cuda {

enum class Operation { modulated_norm, norm_rotate, gated_residual, channel_norm, sum_taps };

struct Kernel {
  Operation operation = Operation::modulated_norm;
  bool is_bf16 = false;  ///< else fp32
  int dim = 0, vec = 1;

  auto operator<=>(const Kernel&) const = default;

  Shape shape() const { return shape_of(dim, vec); }
  /// Its function, such as modulated_norm_bf16_1536x8: dim and vec.
  std::string name() const;
  /// The whole text for NVRTC.
  std::string source() const;
};

}  // namespace sora::nn::cuda
