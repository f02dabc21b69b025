#include "plan/model/preset.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "models/family.h"
#include "plan/model/model_choice.h"
#include "plan/model/noise_levels.h"
#include "sora/error.h"

namespace sora {

SamplingDefaults sampling_defaults(Plan& plan, const ModelFacts& model) {
  const Request& request = plan.request;
  SamplingDefaults own{model.steps,      model.guidance,  model.guidance_2.value_or(model.guidance),
                       model.flow_shift, model.scheduler, model.sigmas};
  if (request.image) {
    own.guidance = model.image_guidance.value_or(own.guidance);
    own.guidance_2 = model.image_guidance.value_or(own.guidance_2);
    own.flow_shift = model.image_flow_shift.value_or(own.flow_shift);
  }
  const std::string asked = request.preset.value_or("");
  if (request.preset && asked != "fast" && asked != "none") {
    throw Error(ErrorKind::usage, "options", "--preset " + asked + ": expected fast or none");
  }
  plan.sampling.preset = "none";
  if (asked == "none" || model.causal) return own;  // causal models are few-step ones by themselves
  std::vector<std::filesystem::path> loras;
  for (const auto* list : {&request.lora, &request.lora_2}) {
    for (const LoraSource& lora : chosen_loras(*list)) loras.push_back(lora.path);
  }
  auto named = model.family->find_few_step(loras);
  const bool by_lora = named.has_value();
  if (!named) named = model.few_step;
  if (asked.empty() && !named) return own;
  plan.sampling.preset = "fast";
  if (asked.empty()) {
    plan.notes.push_back("\"" + named->name + "\" is a few-step " + (by_lora ? "LoRA" : "model") +
                         " by its name, so the preset is fast; --preset none for the model's own settings");
  }
  const FewStep fast = named ? named->settings : FewStep();
  // The published settings are for models of published sizes; of another model its own are used, with fewer
  // steps and without guidance.
  if (!model.is_published) return {std::min(own.steps, 8), 1, 1, own.flow_shift, own.scheduler};
  SamplingDefaults settings{fast.steps, fast.guidance, fast.guidance, fast.flow_shift, fast.scheduler};
  settings.sigmas = noise_levels_of(fast.timesteps);
  return settings;
}

}  // namespace sora
