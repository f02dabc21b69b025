// y = x W^T + b on a CPU whose vectors have eight floats. Note [Matrix products] in the source.
// Used because it is faster than libtorch's on such CPUs and widens bf16 on the way. Not used with AVX-512,
// where nobody has measured it: there libtorch's product is used.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace sora::nn {

/// x [.., k], weight [n, k], bias [n] or undefined -> [.., n], as at::linear.
at::Tensor linear_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// As linear_product() of the stacked parts, which are bf16 while x is fp32; they are widened within the
/// product. Only where takes_bf16(x).
at::Tensor linear_product_of_bf16(const at::Tensor& x, const std::vector<at::Tensor>& parts,
                                  const at::Tensor& bias);
bool takes_bf16(const at::Tensor& x);

/// Whether panels_product() is faster here than libtorch's: a CPU with AVX2 and FMA and without AVX-512.
bool prefers_panels();

/// What both functions call there; correct on any CPU. x fp32 [.., k]; parts [n, k], fp32 or bf16, each n a
/// multiple of eight.
at::Tensor panels_product(const at::Tensor& x, const std::vector<at::Tensor>& parts, const at::Tensor& bias);

}  // namespace sora::nn
