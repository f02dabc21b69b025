// Products of weights that are stored as fp8, without widening them, on devices that multiply fp8.
//
// Note [fp8 products]: the activations are scaled by their largest value and rounded to fp8 as well, so the
// numbers are not those of the widened weights: products of random matrices are some percent off
// (tests/device/fp8_test.cpp). So this is off unless SORA_GEN_FP8=on is in the environment. The first
// product on a device is compared with that of the widened weights; where it fails or is too far off, fp8
// products are switched off for the rest of the process, with one warning, and the results are those without.
#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "weights/stored_weight.h"

namespace sora::nn {

/// Whether fp8_product() is to be tried: it is switched on, the device has it, and weight and x fit.
bool takes_fp8(const StoredWeight& weight, const at::Tensor& x);

/// x [.., in] bf16 -> [.., out]; none where it failed.
std::optional<at::Tensor> fp8_product(const StoredWeight& weight, const at::Tensor& x,
                                      const at::Tensor& bias);

/// Switches them on or off, for tests; also what the first product would have found out is forgotten.
void use_fp8_products(bool is_on);

}  // namespace sora::nn
