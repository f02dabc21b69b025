#include "plan/model_memory.h"

#include "core/amounts.h"
#include "plan/machine/memory.h"
#include "plan/model/sampling.h"
#include "plan/picture.h"
#include "plan/timeline.h"

namespace sora {

Plan plan_for_memory(const ModelFacts& model, const Request& request, MachineFacts& machine) {
  Plan plan;
  plan.request = request;
  if (model.image.concat && !model.image.optional && !request.image) plan.request.image = "image.png";  // never opened
  if (model.image.two_images && !request.last_image) plan.request.last_image = "image.png";
  plan_machine(plan, machine);
  plan.model.transformer_dim = model.transformer_dim;
  plan.model.text_dim = model.text_dim;
  plan.model.text_rows = model.text_rows;
  plan_sampling(plan, model);
  Canvases canvases;
  plan_picture(plan, model, canvases, plan.request.draft);
  plan_timeline(plan, model, false);
  return plan;
}

std::optional<ModelFacts> facts_without_files(const std::string& short_name) {
  for (const Family* family : families()) {
    if (auto facts = family->published(short_name)) {
      facts->family = family;
      return facts;
    }
  }
  return {};
}

ModelMemory memory_of_model(const ModelFacts& model, MachineFacts& machine) {
  const Plan plan = plan_for_memory(model, {}, machine);
  const MemoryLimit limit = memory_limit(plan.request, plan.machine, machine.memory_gb);
  const OffloadChoice choice = choose_offload(plan, model, limit);
  return {plan.machine.device, limit.bytes / 1e9, choice.fits,
          choice.offload,      choice.peak_gb,    memory_of_each_offload(plan, model)};
}

std::string model_memory_text(const ModelMemory& memory) {
  std::string text = (memory.fits ? "fits: " : "does not fit: ") + gigabytes_text(memory.peak_gb) +
                     " with --offload " + memory.offload;
  if (memory.limit_gb > 0) {
    text += ", " + gigabytes_text(memory.limit_gb) + " are free" +
            (memory.device == "cpu" ? "" : " on " + memory.device);
  }
  return text;
}

}  // namespace sora
