#include "pipeline/networks/model.h"

#include "models/networks/family_networks.h"
#include "models/networks/tiny_autoencoder.h"
#include "nn/device.h"
#include "plan/model/model_choice.h"

namespace sora {

namespace {

Placement placement_of(const Plan& plan) {
  Placement placement = make_placement(plan.machine.device, plan.machine.dtype);
  placement.storage = plan.machine.offload == "stored"   ? WeightStorage::stored
                      : plan.machine.offload == "shard"  ? WeightStorage::stored  // but the denoisers
                      : plan.machine.offload == "stream" ? WeightStorage::streamed
                                                         : WeightStorage::widened;
  placement.prefetch_bytes = plan.machine.prefetch_bytes;
  placement.stream_from_host = plan.machine.stream_from_host;
  return placement;
}

struct Opened {
  const Family& family;
  ModelFolder folder;
};

Opened open_folder(Model& model, const Plan& plan) {
  model.dir = plan.model.dir;
  model.placement = placement_of(plan);
  const Family& family = family_named(plan.model.family);
  return {family, family.open(plan.model.dir, chosen_files(plan.request))};
}

}  // namespace

void load_prompt_encoder(Model& model, const Plan& plan) {
  const Opened opened = open_folder(model, plan);
  model.prompt_encoder = networks_of(opened.family).load_prompt_encoder(opened.folder, model.placement);
}

void load_denoisers(Model& model, const Plan& plan, std::shared_ptr<const WeightSharing> sharing) {
  const auto [family, folder] = open_folder(model, plan);
  Placement placement = model.placement;
  if (plan.machine.offload == "shard") {
    placement.storage = WeightStorage::sharded;
    placement.sharing = std::move(sharing);
  }
  const FamilyNetworks& networks = networks_of(family);
  model.denoiser = networks.load_denoiser(folder, "transformer", placement, chosen_loras(plan.request.lora));
  if (plan.sampling.boundary_ratio) {
    model.denoiser_2 =
        networks.load_denoiser(folder, "transformer_2", placement, chosen_loras(plan.request.lora_2));
  }
}

void load_autoencoder(Model& model, const Plan& plan) {
  const auto [family, folder] = open_folder(model, plan);
  model.vae = networks_of(family).load_autoencoder(folder, model.placement);
}

void load_model(Model& model, const Plan& plan, bool denoises, std::shared_ptr<const WeightSharing> sharing) {
  const auto [family, folder] = open_folder(model, plan);
  const FamilyNetworks& networks = networks_of(family);
  if (denoises && !model.denoiser) {
    model.scheduler = family.scheduler(folder, plan.sampling.flow_shift, plan.sampling.expand_timesteps);
    load_denoisers(model, plan, std::move(sharing));
  }
  if (denoises && !model.image_encoder && model.denoiser->attends_to_images())
    model.image_encoder = networks.load_image_encoder(folder, model.placement);
  if (!model.vae) model.vae = networks.load_autoencoder(folder, model.placement);
  if (plan.request.tiny_vae && !model.tiny_vae) {
    model.tiny_vae = std::make_unique<tiny::TinyAutoencoder>(
        tiny::open(*plan.request.tiny_vae,
                   {plan.picture.latent_channels, model.vae->temporal_scale(), model.vae->spatial_scale()}),
        model.placement, *model.vae);
  }
}

void set_rate_and_scale(Model& model, const Plan& plan) {
  for (Denoiser* denoiser : {model.denoiser.get(), model.denoiser_2.get()}) {
    if (denoiser == nullptr) continue;
    denoiser->set_frame_rate(plan.timeline.model_fps);
    denoiser->set_control_scale(plan.control.scale);
  }
}

}  // namespace sora
