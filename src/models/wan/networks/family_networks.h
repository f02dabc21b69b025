// Loads the networks of a Wan model, for the family door in models/networks/family_networks.h.
#pragma once

#include "models/networks/family_networks.h"

namespace sora::wan {

class WanNetworks : public FamilyNetworks {
 public:
  std::string family() const override { return "Wan"; }
  std::unique_ptr<PromptEncoder> load_prompt_encoder(const ModelFolder& folder,
                                                     const Placement& placement) const override;
  std::unique_ptr<Denoiser> load_denoiser(const ModelFolder& folder, const std::string& component,
                                          const Placement& placement,
                                          const std::vector<LoraSource>& loras) const override;
  std::unique_ptr<ImageEncoder> load_image_encoder(const ModelFolder& folder,
                                                   const Placement& placement) const override;
  std::unique_ptr<VideoAutoencoder> load_autoencoder(const ModelFolder& folder,
                                                     const Placement& placement) const override;
};

}  // namespace sora::wan
