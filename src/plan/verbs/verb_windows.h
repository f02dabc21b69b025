// The windows of each verb.
#pragma once

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Sets windows, model_frames and latent_frames of plan.timeline (and model_fps of a loop), from frames, fps
/// and model_fps. Throws Error (usage).
void plan_verb_windows(Plan& plan, const ModelFacts& model);

/// The first step that a remix of `steps` steps makes. As in diffusers, --strength is the share of the steps
/// that are made.
int remix_first_step(int steps, const Request& request);

}  // namespace sora
