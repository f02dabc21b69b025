#include "pipeline/model.h"

#include "checkpoint/model_folder.h"
#include "nn/device.h"

namespace sora {

void load_model(Model& model, const Plan& plan, bool denoises) {
  const ModelFolder folder = open_model_folder(plan.model_dir);
  model.dir = plan.model_dir;
  model.placement = make_placement(plan.device, plan.dtype);
  if (denoises && !model.transformer) {
    model.scheduler = read_scheduler_config(folder.component("scheduler") / "scheduler_config.json");
    model.text_encoder = std::make_unique<TextEncoder>(folder.dir, model.placement);
    model.transformer = std::make_unique<wan::WanTransformer>(
        wan::load_transformer(folder.component("transformer"), model.placement));
    if (plan.boundary_ratio) {
      model.transformer_2 = std::make_unique<wan::WanTransformer>(
          wan::load_transformer(folder.component("transformer_2"), model.placement));
    }
  }
  if (!model.vae) model.vae = wan::load_vae(folder.component("vae"), model.placement);
}

}  // namespace sora
