// Sampling settings that the request leaves open: the model's own, or those of few-step models.
#pragma once

#include <string>
#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

struct SamplingDefaults {
  int steps;
  double guidance;
  double guidance_2;
  double flow_shift;
  std::string scheduler;
  std::vector<double> sigmas = {};  ///< noise levels of the steps; empty: the scheduler's own
};

/// The settings of --preset. Without it, weights or a LoRA that are few-step ones by their name have the
/// preset fast, and a note says so. Sets plan.sampling.preset. Throws Error (usage).
SamplingDefaults sampling_defaults(Plan& plan, const ModelFacts& model);

}  // namespace sora
