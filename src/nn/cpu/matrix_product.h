// y = x W^T + b on a CPU whose vectors have eight floats. Note [Matrix products] in the source.
// Our own: it is faster than libtorch's there, and widens bf16 on the way. Off on CPUs with AVX-512, where
// nobody has measured it; libtorch's product serves there.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace sora::nn {

/// x [.., k], weight [n, k], bias [n] or undefined -> [.., n], as at::linear.
at::Tensor linear_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// As linear_product() of the parts one below the other, which are bf16 beside an fp32 x, and are widened on
/// their way through the product. Only where takes_bf16() says so.
at::Tensor linear_product_of_bf16(const at::Tensor& x, const std::vector<at::Tensor>& parts,
                                  const at::Tensor& bias);
bool takes_bf16(const at::Tensor& x);

/// Whether the panels' product is quicker here than libtorch's: a CPU with AVX2 and FMA and no AVX-512.
bool prefers_panels();

/// What both come to there, and what is right on any CPU: x fp32 [.., k]; parts [n, k], fp32 or bf16, of rows
/// by the eight.
at::Tensor panels_product(const at::Tensor& x, const std::vector<at::Tensor>& parts, const at::Tensor& bias);

}  // namespace sora::nn
