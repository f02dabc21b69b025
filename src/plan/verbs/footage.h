#pragma once

#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Warns of input files that were not made by this model, where it is a small one, trained with a list of
/// words: it continues such footage for half a second, and then shows what it was trained on. `facts`: of
/// input_files(), in their order.
void warn_of_unknown_footage(Plan& plan, const ModelFacts& model, const std::vector<InputFacts>& facts);

}  // namespace sora
