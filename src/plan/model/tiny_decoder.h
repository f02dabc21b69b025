// --tiny-vae: whether a tiny decoder fits the model, and what it decodes.
#pragma once

#include <map>
#include <string>

#include "models/family.h"
#include "models/tiny_decoder.h"
#include "sora/plan.h"

namespace sora {

/// Those that fit the model, by file: the headers are read once for a list of jobs.
using TinyDecoders = std::map<std::string, tiny::Config>;

/// Sets plan.picture.tiny. Call it when the picture's size is known. Throws Error: usage, no_input, refused,
/// data (the file is no tiny decoder, or one for other latents).
void plan_tiny_decoder(Plan& plan, const ModelFacts& model, TinyDecoders& known);

}  // namespace sora
