// The frames at the ends of a window that are given, for models with a control input: they see them there
// besides having them as conditioning frames.
#pragma once

#include <cstddef>

#include "pipeline/denoise/window_conditioning.h"
#include "pipeline/inputs/control_input.h"
#include "sora/plan.h"

namespace sora {

KnownFrames known_frames(const Plan& plan, std::size_t window, const WindowConditioning& conditioning);

}  // namespace sora
