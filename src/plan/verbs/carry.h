// What goes from an input into the output as it lies there: sound, and with --copy the coded frames.
#pragma once

#include "sora/plan.h"

namespace sora {

/// Sets plan.output.audio, and says in the notes what is not kept and why. Throws Error (usage, data) where
/// --copy cannot be done. Container, codec, size and rate of the output are decided before.
void plan_carried(Plan& plan);

}  // namespace sora
