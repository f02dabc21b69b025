// Stops a run whose latents are NaN or infinite, instead of writing black video.
#pragma once

#include <ATen/ATen.h>

namespace sora {

/// Throws Error (internal, component "denoise") when `latents` hold NaN or infinity after step `step`
/// (counted from 0) of `steps`; the message says how many values, at which step, and what to try.
void check_finite(const at::Tensor& latents, int step, int steps);

}  // namespace sora
