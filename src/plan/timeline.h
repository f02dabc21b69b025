// How long a video is, at which rate, and in which windows it is made.
#pragma once

#include <cstdint>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Whether the output is one picture.
bool is_still(const Request& request);

/// A picture is made of one frame. Throws Error (usage) where there are more.
void check_still(const Request& request, std::int64_t frames);

/// Sets plan.timeline, and plan.sampling.first_step of a remix. Throws Error (usage).
void plan_timeline(Plan& plan, const ModelFacts& model, bool still);

}  // namespace sora
