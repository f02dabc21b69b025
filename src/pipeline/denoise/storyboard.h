// The texts that a window of a storyboard follows (Note [Shots]).
#pragma once

#include <cstddef>

#include "pipeline/denoise/denoise.h"
#include "pipeline/networks/model.h"
#include "pipeline/text/prompt_embeds.h"
#include "sora/plan.h"

namespace sora {

/// Sets the prompts of `text` and their shares for the window with this number. Texts that the window before
/// had are kept, others leave; keys and values of one text can take a gigabyte.
void condition_on_shots(const Model& model, const Plan& plan, const PromptEmbeds& embeds, std::size_t window,
                        Conditioning& text);

}  // namespace sora
