#include "plan/model/sampling.h"

#include <algorithm>

#include "core/option_checks.h"
#include "plan/model/causal.h"
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
  const bool takes_levels = scheduler == "euler" || scheduler == "lcm";
  const bool fast = plan.sampling.preset == "fast" && model.is_published;
  plan.sampling.even_levels = takes_levels && (fast || model.even_levels);
  if (plan.sampling.sigmas.empty() && model.timesteps_of_steps && !request.flow_shift && takes_levels)
    plan.sampling.sigmas = noise_levels_of(model.timesteps_of_steps(plan.sampling.steps));
  if (!is_scheduler(scheduler)) bad_option("--scheduler " + scheduler, "unipc, euler, dpm++ or lcm");
  if (model.flow_map && scheduler != "euler") {
    bad_option(
        "--scheduler " + scheduler,
        "euler: this model predicts whole steps, from a noise level to the next, and no other fits it");
  }
  plan.sampling.negative_prompt = request.negative_prompt.value_or(model.negative_prompt);
  plan.sampling.boundary_ratio =
      model.folder.has("transformer_2") ? model.folder.boundary_ratio : std::nullopt;
  plan.sampling.expand_timesteps = model.folder.expand_timesteps;
  plan_causal_sampling(plan, model);
}

void plan_shift_by_tokens(Plan& plan, const ModelFacts& model) {
  if (!model.flow_shift_of_tokens || plan.request.flow_shift || plan.sampling.preset == "fast") return;
  std::int64_t frames = 0, rows = plan.picture.latent_height, columns = plan.picture.latent_width;
  for (const Window& window : plan.timeline.windows) frames = std::max<std::int64_t>(frames, window.count);
  if (plan.picture.tiling) {  // the network sees a tile at a time
    frames = std::min<std::int64_t>(frames, plan.picture.tiling->frames.size);
    rows = std::min<std::int64_t>(rows, plan.picture.tiling->rows.size);
    columns = std::min<std::int64_t>(columns, plan.picture.tiling->columns.size);
  }
  const std::int64_t tokens = frames * (rows / model.patch_height) * (columns / model.patch_width);
  plan.sampling.flow_shift = model.flow_shift_of_tokens(tokens, frames);
}

}  // namespace sora
