#include "plan/model/sampling.h"

#include <algorithm>

#include "core/option_checks.h"
#include "plan/model/noise_levels.h"
#include "plan/model/preset.h"

namespace sora {
namespace {

constexpr int kDraftSteps = 8;  // a draft has half of the steps, but at least these

}  // namespace

void plan_sampling(Plan& plan, const ModelFacts& model) {
  const Request& request = plan.request;
  const SamplingDefaults defaults = sampling_defaults(plan, model);
  const int usual = request.draft ? std::max(std::min(defaults.steps, kDraftSteps), (defaults.steps + 1) / 2)
                                  : defaults.steps;
  plan.sampling.steps = request.steps.value_or(usual);
  in_range("--steps", plan.sampling.steps, 1, 1000);
  plan_noise_levels(plan, defaults.sigmas);
  plan.sampling.guidance = in_range("--guidance", request.guidance.value_or(defaults.guidance), 0, 100);
  plan.sampling.guidance_2 = in_range(
      "--guidance-2",
      request.guidance_2.value_or(request.guidance ? plan.sampling.guidance : defaults.guidance_2), 0, 100);
  plan.sampling.flow_shift =
      in_range("--flow-shift", request.flow_shift.value_or(defaults.flow_shift), 0.01, 100);
  plan.sampling.scheduler = request.scheduler.value_or(defaults.scheduler);
  const std::string& scheduler = plan.sampling.scheduler;
  plan.sampling.even_levels =
      plan.sampling.preset == "fast" && model.is_published && (scheduler == "euler" || scheduler == "lcm");
  if (!is_scheduler(scheduler)) bad_option("--scheduler " + scheduler, "unipc, euler, dpm++ or lcm");
  plan.sampling.negative_prompt = request.negative_prompt.value_or(model.negative_prompt);
  plan.sampling.boundary_ratio =
      model.folder.has("transformer_2") ? model.folder.boundary_ratio : std::nullopt;
  plan.sampling.expand_timesteps = model.folder.expand_timesteps;
}

}  // namespace sora
