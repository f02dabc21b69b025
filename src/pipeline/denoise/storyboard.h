// The prompts of a window of a storyboard (Note [Shots] in plan/verbs/story.h).
#pragma once

#include <cstddef>

#include "pipeline/denoise/denoise.h"
#include "pipeline/networks/model.h"
#include "pipeline/text/prompt_embeds.h"
#include "sora/plan.h"

namespace sora {

/// Sets the prompts of `text` and their shares for the window with this number. Texts of the window before
/// are reused where they are needed and else freed: the keys and values of one text can take a gigabyte.
void condition_on_shots(const Model& model, const Plan& plan, const PromptEmbeds& embeds, std::size_t window,
                        Conditioning& text);

}  // namespace sora
