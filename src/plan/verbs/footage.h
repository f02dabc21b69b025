// Footage that a small model knows nothing of. It goes on from such a clip for half a second, and then shows
// its own world.
#pragma once

#include <string>
#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Notes the inputs that no run of this model made, where the model says that it knows a few words only.
/// `facts`: of input_files(), in their order.
void note_unknown_footage(Plan& plan, const ModelFacts& model, const std::vector<InputFacts>& facts);

/// Whether a note of a plan is that one. A run says it as a warning.
bool is_about_unknown_footage(const std::string& note);

}  // namespace sora
