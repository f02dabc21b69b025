#include "pipeline/sketch.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "pipeline/finish.h"
#include "pipeline/verb.h"

namespace sora {

void plan_sketch(Plan& plan, const wan::ModelFacts& model) {
  const double area = static_cast<double>(plan.model_width) * plan.model_height;
  const VerbKind kind = verb_kind(plan.request.verb);
  if (model.sketch_area == 0 || area < 1.5 * static_cast<double>(model.sketch_area) || model.image.joined ||
      kind == VerbKind::remix || kind == VerbKind::finish) {
    return;
  }
  const double scale = std::sqrt(static_cast<double>(model.sketch_area) / area);
  const auto side = [&](int whole, int grid) {
    return std::max(1, static_cast<int>(std::lround(whole * scale / grid))) * grid;
  };
  Sketch sketch;
  sketch.width = side(plan.model_width, model.spatial_scale * model.patch_width);
  sketch.height = side(plan.model_height, model.spatial_scale * model.patch_height);
  sketch.latent_width = sketch.width / model.spatial_scale;
  sketch.latent_height = sketch.height / model.spatial_scale;
  sketch.steps = plan.steps;
  const double share = static_cast<double>(model.sketched_steps) / model.steps;
  begin_at_level(plan, model.sketch_level, std::max(1, static_cast<int>(std::lround(plan.steps * share))));
  plan.sketch = sketch;
  plan.notes.push_back("each window is composed at " + std::to_string(sketch.width) + "x" +
                       std::to_string(sketch.height) + " and painted at " + std::to_string(plan.model_width) +
                       "x" + std::to_string(plan.model_height));
}

int steps_of_window(const Plan& plan) {
  return plan.steps - plan.first_step + (plan.sketch ? plan.sketch->steps : 0);
}

}  // namespace sora
