// --cache: which step cache a plan uses, and what is expected of it (Note [Step caches] in
// sampling/block_cache.h).
#pragma once

#include <string>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Sets plan.sampling.cache. Call it when the steps and tiles of the plan are known. Where a cache would do
/// harm or nothing (few steps, upscale stages) it stays off, with a warning. Throws Error (usage).
void plan_step_cache(Plan& plan, const ModelFacts& model);

/// For people: the settings, and how many steps are expected to be computed.
std::string cache_text(const Sampling& sampling);

}  // namespace sora
