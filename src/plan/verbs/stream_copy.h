// What is copied from an input into the output without being coded again: sound, and with --copy the coded
// frames.
#pragma once

#include "sora/plan.h"

namespace sora {

/// Sets plan.output.audio, and notes which sound is left out and why. Throws Error (usage, data) where --copy
/// cannot be done. Container, codec, size and rate of the output must be set before.
void plan_stream_copy(Plan& plan);

}  // namespace sora
