// --tiny-vae: whether a tiny decoder fits the model, and what it decodes.
#pragma once

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Sets plan.picture.tiny. Call it when the picture's size is known. Throws Error: usage, no_input, refused,
/// data (the file is no tiny decoder, or one for other latents).
void plan_tiny_decoder(Plan& plan, const ModelFacts& model);

}  // namespace sora
