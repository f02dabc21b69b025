// How a model is sampled where the request says nothing: its own settings, or those of few-step models.
#pragma once

#include <string>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

struct SamplingDefaults {
  int steps;
  double guidance;
  double guidance_2;
  double flow_shift;
  std::string scheduler;
};

/// Of the preset that is asked for, or that the name of the weights or of a LoRA asks for: then a note says
/// so. Sets plan.sampling.preset. Throws Error (usage).
SamplingDefaults sampling_defaults(Plan& plan, const ModelFacts& model);

}  // namespace sora
