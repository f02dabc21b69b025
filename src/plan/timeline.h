// How long a video is, its frame rate, and the windows that it is made in.
#pragma once

#include <cstdint>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Whether the output is one picture.
bool is_still(const Request& request);

/// Throws Error (usage) where a single picture is asked for and there are more frames than one.
void check_still(const Request& request, std::int64_t frames);

/// Sets plan.timeline, and steps and first_step of a remix in plan.sampling. Throws Error (usage).
void plan_timeline(Plan& plan, const ModelFacts& model, bool still);

/// The facts for a plan of this request: with the rate that it asks for, where the model can make that.
ModelFacts at_rate_of(const Request& request, const ModelFacts& model);

}  // namespace sora
