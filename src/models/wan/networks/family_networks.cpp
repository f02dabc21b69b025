#include "models/wan/networks/family_networks.h"

#include "models/clip/networks/vision_encoder.h"
#include "models/t5/networks/text_encoder.h"
#include "models/wan/model_files.h"
#include "models/wan/networks/transformer.h"
#include "models/wan/networks/vae.h"

namespace sora::wan {
namespace {

const RegisteredNetworks<WanNetworks> registered;

}  // namespace

std::unique_ptr<PromptEncoder> WanNetworks::load_prompt_encoder(const ModelFolder& folder,
                                                                const Placement& placement) const {
  return std::make_unique<TextEncoder>(folder.source("text_encoder"), tokenizer_of(folder), placement);
}

std::unique_ptr<Denoiser> WanNetworks::load_denoiser(const ModelFolder& folder, const std::string& component,
                                                     const Placement& placement,
                                                     const std::vector<LoraSource>& loras) const {
  return std::make_unique<WanTransformer>(load_transformer(folder.source(component), placement, loras));
}

std::unique_ptr<ImageEncoder> WanNetworks::load_image_encoder(const ModelFolder& folder,
                                                              const Placement& placement) const {
  return std::make_unique<clip::ImageEncoder>(folder.source("image_encoder"), image_processor_of(folder),
                                              placement.device);
}

std::unique_ptr<VideoAutoencoder> WanNetworks::load_autoencoder(const ModelFolder& folder,
                                                                const Placement& placement) const {
  return load_vae(folder.source("vae"), placement);
}

}  // namespace sora::wan
