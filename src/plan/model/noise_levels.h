// --sigmas: the noise levels of the steps, for those who know what they do, and the lists that models bring.
#pragma once

#include <string>
#include <vector>

#include "sora/plan.h"

namespace sora {

/// Sets plan.sampling.sigmas, and the number of steps with it: from the request, else `own` (the model's or
/// the preset's) where the request has no flow shift and no other number of steps. Throws Error (usage).
void plan_noise_levels(Plan& plan, const std::vector<double>& own);

/// Timesteps, which are noise levels in thousandths, as noise levels.
std::vector<double> noise_levels_of(const std::vector<double>& timesteps);

/// As --sigmas takes them.
std::string levels_text(const std::vector<double>& levels);

}  // namespace sora
