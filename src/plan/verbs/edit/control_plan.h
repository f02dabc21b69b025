// What a plan says of masks, reference pictures and control videos.
#pragma once

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// --outpaint: sets the size of the file, from that of the input. Throws Error (usage).
void take_outpainted_size(Request& request, const InputFacts& input);

/// Checks a mask against the input that it is for. Throws Error (data): it has another size, or is all white
/// or all black.
void check_mask(const Request& request, const InputFacts& mask, const InputFacts& input);

/// Sets plan.control, from the sizes and the time line of the plan. Throws Error (usage).
void plan_control(Plan& plan, const ModelFacts& model);

}  // namespace sora
