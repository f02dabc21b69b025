// Steps, guidance, scheduler and flow shift: as asked for, else as the preset or the model recommends.
#pragma once

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Sets plan.sampling but for first_step, which a verb sets. Throws Error (usage).
void plan_sampling(Plan& plan, const ModelFacts& model);

}  // namespace sora
