#include "plan/verbs/remix_steps.h"

#include <algorithm>
#include <cmath>

namespace sora {
namespace {

constexpr int kFewSteps = 20;
constexpr int kMostSteps = 500;  // of which some are made: more noise levels than a model can tell apart
constexpr double kStrength = 0.6;

}  // namespace

void plan_remix_steps(Plan& plan) {
  const double strength = plan.request.strength.value_or(kStrength);
  int& steps = plan.sampling.steps;
  const bool alone = !plan.request.draft && !plan.request.refine;  // no other stage has these steps
  if (!plan.request.steps && alone && steps < kFewSteps && strength > 0)
    steps = std::min(kMostSteps, static_cast<int>(std::ceil(steps / strength - 1e-9)));
  plan.sampling.first_step = steps - std::min(static_cast<int>(steps * strength), steps);
}

}  // namespace sora
