// How many frames a file will have: those of its clips, which pass through, and the new ones.
#pragma once

#include <cstdint>

#include "sora/plan.h"

namespace sora {

/// Those of a clip at the rate of the file, as far as the clip says how long it is.
std::int64_t clip_frames(const InputFacts& clip, double fps);

/// As far as the clips say how long they are; a clip that does not counts for nothing.
std::int64_t file_frames(const Plan& plan);

}  // namespace sora
