#include "plan/verbs/remix_steps.h"

#include <algorithm>
#include <cmath>

namespace sora {
namespace {

constexpr int kFewSteps = 20;
constexpr int kMostSteps = 500;  // those that are skipped included; more noise levels make no difference
constexpr double kStrength = 0.6;

}  // namespace

void plan_remix_steps(Sampling& sampling, const Request& request) {
  const double strength = request.strength.value_or(kStrength);
  int& steps = sampling.steps;
  if (!request.sigmas) sampling.sigmas.clear();          // a model's own are too few to begin among them
  const bool alone = !request.draft && !request.refine;  // else other stages have these steps too
  if (!request.steps && !request.sigmas && alone && steps < kFewSteps && strength > 0)
    steps = std::min(kMostSteps, static_cast<int>(std::ceil(steps / strength - 1e-9)));
  sampling.first_step = steps - std::min(static_cast<int>(steps * strength), steps);
}

}  // namespace sora
