#pragma once

#include "sora/plan.h"

namespace sora {

/// Sets sampling.first_step of a remix. As in diffusers' WanVideoToVideoPipeline, int(N * strength) of N
/// steps are made, the last ones. With the few steps of a distilled model, many strengths would be the same
/// and leave hardly any steps. Without --steps, sampling.steps is therefore raised until as many steps are
/// made as for a new video; they begin at the noise level of the strength.
void plan_remix_steps(Sampling& sampling, const Request& request);

}  // namespace sora
