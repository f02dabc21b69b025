// Corrects the frames of an upscale stage to match the draft; Note [Finishing] in plan/verbs/upscale.h.
#pragma once

#include <ATen/ATen.h>

#include "sora/plan.h"

namespace sora {

/// `made` [1, 3, n, H, W], changed so that reduced to the size of the plan's draft it equals `draft`, the
/// same frames of the enlarged draft. Both, and the result, are in [-1, 1].
at::Tensor matched_to_draft(const at::Tensor& made, const at::Tensor& draft, const Plan& plan);

}  // namespace sora
