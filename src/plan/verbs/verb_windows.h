// The windows of each verb.
#pragma once

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Sets windows, model_frames and latent_frames of plan.timeline (and model_fps of a loop, and the time at
/// which a transition ends), from frames, fps and model_fps. Throws Error (usage).
void plan_verb_windows(Plan& plan, const ModelFacts& model);

}  // namespace sora
