// What a stage makes, led back to the draft; Note [Finishing] in finish.h.
#pragma once

#include <ATen/ATen.h>

#include "sora/plan.h"

namespace sora {

/// `made` [1, 3, n, H, W] with what the plan's draft shows at its own size taken from `draft`, the same
/// frames enlarged; both in [-1, 1], the result too.
at::Tensor led_back(const at::Tensor& made, const at::Tensor& draft, const Plan& plan);

}  // namespace sora
