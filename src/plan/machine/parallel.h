// How several devices or processes divide the work on one video.
#pragma once

#include "models/family.h"
#include "plan/machine/machine.h"
#include "sora/plan.h"

namespace sora {

/// Sets plan.machine.parallel from --gpus, --parallel and what started this process. The plan has its
/// sampling and its sizes. Throws Error (usage) where the ranks cannot divide the work, with the numbers that
/// can.
void plan_parallel(Plan& plan, const ModelFacts& model, MachineFacts& facts);

/// As --parallel takes it: guidance:2,sequence:3.
std::string division_text(const Parallel& parallel);

}  // namespace sora
