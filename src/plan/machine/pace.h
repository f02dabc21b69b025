// How long a run will take, learnt from this machine's past runs.
#pragma once

#include <filesystem>

#include "sora/generator.h"
#include "sora/plan.h"

namespace sora {

/// Where past runs are remembered: $XDG_CACHE_HOME/sora-gen/pace.json, by default in ~/.cache; empty when the
/// environment names neither folder.
std::filesystem::path pace_file();

/// Fills plan.machine.slowdown from what else the machine does (machine_load.h), and plan.machine.pace and
/// plan.machine.seconds_estimate from runs of the same model, device, type,
/// threads and codec on this machine, scaled by the work. Leaves them empty where no run was like this one:
/// within a factor of 16 in the work of a step and of a frame. Never throws.
void estimate_pace(Plan& plan);

/// Remembers what a run that went well took. A file that is damaged is begun anew, one that cannot be written
/// is let be; both are said in the debug log alone. Never throws.
void remember_pace(const Plan& plan, const Result& result);

}  // namespace sora
