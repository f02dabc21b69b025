// The windows of causal models: each block is one, and none has frames of another.
#pragma once

#include <string>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Sets plan.timeline.windows for `latent_frames`. The first block of animate follows the picture, that of
/// extend some latent frames from the end of the clip. Throws Error (usage).
void plan_causal_windows(Plan& plan, const ModelFacts& model, int latent_frames);

/// The prompt of a block: of a storyboard that of the shot in the middle of its new frames (Note [Prompts of
/// causal videos] in pipeline/denoise/causal_film.h).
std::string prompt_of_block(const Plan& plan, const Window& window, int temporal_scale);

}  // namespace sora
