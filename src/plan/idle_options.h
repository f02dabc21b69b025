// Options that were asked for and change nothing, or not what one would think: said, and not passed over.
#pragma once

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Adds to plan.warnings what the request asks for without effect, and a size far beyond what is made.
void warn_of_idle_options(Plan& plan, const ModelFacts& model);

}  // namespace sora
