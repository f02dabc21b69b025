#include "pipeline/networks/model.h"

#include "checkpoint/model_folder.h"
#include "models/wan/defaults.h"
#include "models/wan/model_files.h"
#include "nn/device.h"
#include "plan/model_choice.h"

namespace sora {

namespace {

Placement placement_of(const Plan& plan) {
  Placement placement = make_placement(plan.device, plan.dtype);
  placement.keeping = plan.offload == "stored"   ? Keeping::stored
                      : plan.offload == "stream" ? Keeping::streamed
                                                 : Keeping::widened;
  placement.ahead = plan.stream_ahead;
  placement.resident = plan.stream_from_host;
  return placement;
}

ModelFolder open_folder(Model& model, const Plan& plan) {
  model.dir = plan.model_dir;
  model.placement = placement_of(plan);
  return wan::open_wan_model(plan.model_dir, chosen_files(plan.request));
}

}  // namespace

void load_text_encoder(Model& model, const Plan& plan) {
  const ModelFolder folder = open_folder(model, plan);
  model.text_encoder = std::make_unique<TextEncoder>(folder.source("text_encoder"), wan::tokenizer_of(folder),
                                                     model.placement);
}

void load_model(Model& model, const Plan& plan, bool denoises) {
  const ModelFolder folder = open_folder(model, plan);
  if (denoises && !model.transformer) {
    model.scheduler = folder.has("scheduler")
                          ? read_scheduler_config(folder.component("scheduler") / "scheduler_config.json")
                          : wan::published_scheduler(plan.flow_shift);
    model.transformer = std::make_unique<wan::WanTransformer>(wan::load_transformer(
        folder.source("transformer"), model.placement, chosen_loras(plan.request.lora)));
    // SkyReels-V2 with a timestep for each frame: diffusion forcing.
    model.scheduler.overwrites_noise = plan.expand_timesteps && model.transformer->config().skyreels;
    if (plan.boundary_ratio) {
      model.transformer_2 = std::make_unique<wan::WanTransformer>(wan::load_transformer(
          folder.source("transformer_2"), model.placement, chosen_loras(plan.request.lora_2)));
    }
  }
  if (denoises && !model.image_encoder && model.transformer->config().image_dim) {
    model.image_encoder = std::make_unique<clip::ImageEncoder>(
        folder.source("image_encoder"), wan::image_processor_of(folder), model.placement.device);
  }
  if (!model.vae) model.vae = wan::load_vae(folder.source("vae"), model.placement);
}

}  // namespace sora
