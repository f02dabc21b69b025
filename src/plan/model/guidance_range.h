// --guidance-range: guidance costs a second prediction in every step, and matters most in the first ones.
#pragma once

#include "sora/plan.h"

namespace sora {

/// Sets plan.sampling.guidance_begin and guidance_end, as the guiders of diffusers 0.42.1 take `start` and
/// `stop`, once the number of steps is final. Throws Error (usage).
void plan_guidance_range(Plan& plan);

/// How many of the plan's steps have guidance.
int guided_steps(const Sampling& sampling);

}  // namespace sora
