// How long a run will take, learnt from this machine's past runs.
#pragma once

#include <filesystem>

#include "sora/generator.h"
#include "sora/plan.h"

namespace sora {

/// The file about past runs: $XDG_CACHE_HOME/sora-gen/pace.json, by default in ~/.cache; empty when the
/// environment names neither folder.
std::filesystem::path pace_file();

/// Sets plan.machine.slowdown from the load of other programs (machine_load.h), and plan.machine.pace and
/// seconds_estimate from past runs of the same model, device, type, threads and
/// codec on this machine, scaled by the work. The latter two stay empty where no past run was similar: within
/// a factor of 16 in the work of a step and of a frame. Never throws.
void estimate_pace(Plan& plan);

/// Records how long a successful run took. A damaged file is replaced; one that cannot be written is left
/// alone. Both are reported in the debug log only. Never throws.
void remember_pace(const Plan& plan, const Result& result);

}  // namespace sora
