#pragma once

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Checks the options of the verb, reads the headers of its inputs, and finds all that can be wrong with them
/// short of decoding. Sets plan.inputs; prompt, size, shape, rate and length that the request leaves open are
/// taken from the input. Throws Error: usage, no_input, data.
void plan_inputs(Plan& plan, const ModelFacts& model);

}  // namespace sora
