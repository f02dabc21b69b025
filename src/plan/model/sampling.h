// Steps, guidance, scheduler and flow shift: of the request, else of the preset or the model.
#pragma once

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Sets plan.sampling except first_step, which depends on the verb. Throws Error (usage).
void plan_sampling(Plan& plan, const ModelFacts& model);

/// Sets the flow shift of models whose shift depends on the number of tokens. Call it when the sizes are
/// planned.
void plan_shift_by_tokens(Plan& plan, const ModelFacts& model);

}  // namespace sora
