// How a remix's strength becomes steps.
#pragma once

#include "sora/plan.h"

namespace sora {

/// Sets plan.sampling.first_step, as diffusers' WanVideoToVideoPipeline counts: of N steps int(N * strength)
/// are made, the last ones. For a model of few steps this would leave few strengths that differ, and few
/// steps for any of them: unless the request says how many steps, N is raised until as many steps are made as
/// for a video from nothing, from the noise level of that strength on.
void plan_remix_steps(Plan& plan);

}  // namespace sora
