#include "nn/cuda/kernel.h"

namespace sora::nn::cuda {

extern const char* const kernel_source;  // kernel_arguments.h and kernels.cuh

namespace {

struct Names {
  const char* function;
  const char* arguments;
};

Names names_of(Operation operation) {
  switch (operation) {
    case Operation::modulated_norm:
      return {"modulated_norm", "ModulatedNormArguments"};
    case Operation::norm_rotate:
      return {"norm_rotate", "NormRotateArguments"};
    case Operation::gated_residual:
      return {"gated_residual", "GatedResidualArguments"};
    case Operation::channel_norm:
      return {"channel_norm", "ChannelNormArguments"};
    case Operation::sum_taps:
      return {"sum_taps", "SumTapsArguments"};
  }
  return {};
}

}  // namespace

std::string Kernel::name() const {
  return std::string(names_of(operation).function) + (is_bf16 ? "_bf16_" : "_f32_") + std::to_string(dim) +
         "x" + std::to_string(vec);
}

std::string Kernel::source() const {
  const Names names = names_of(operation);
  const Shape s = shape();
  const auto number = [](int value) { return std::to_string(value); };
  return std::string(kernel_source) +
         "using namespace sora::nn::cuda;\nextern \"C\" __global__ void __launch_bounds__(" +
         number(s.threads()) + ") " + name() + "(" + names.arguments + " arguments) {\n  " + names.function +
         "<" + (is_bf16 ? "Bf16" : "float") + ", " + number(dim) + ", " + number(vec) + ", " +
         number(s.group) + ">(arguments);\n}\n";
}

}  // namespace sora::nn::cuda
