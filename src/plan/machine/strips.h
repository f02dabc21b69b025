// How many ranks decode a video together, each a strip of the rows of its pictures.
#pragma once

#include <optional>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Sets plan.machine.parallel's `decode`, and says in its text what was decided. `asked`: the number that
/// --parallel gives; none: as many as there are. The plan has its sizes, and the number of its ranks. Throws
/// Error (usage) where `asked` ranks cannot do it.
void plan_strips(Plan& plan, const ModelFacts& model, std::optional<int> asked);

}  // namespace sora
