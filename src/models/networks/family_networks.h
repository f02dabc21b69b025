// The part of the family door that needs tensors (the other part is models/family.h): it loads the networks
// of a model. A family derives from FamilyNetworks and registers itself under its Family's name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/family.h"
#include "models/networks/denoiser.h"
#include "models/networks/image_encoder.h"
#include "models/networks/prompt_encoder.h"
#include "models/networks/video_autoencoder.h"
#include "weights/weights.h"

namespace sora {

/// All members throw Error: no_input, refused, data.
class FamilyNetworks {
 public:
  virtual ~FamilyNetworks() = default;

  virtual std::string family() const = 0;  ///< Family::name()

  virtual std::unique_ptr<PromptEncoder> load_prompt_encoder(const ModelFolder& folder,
                                                             const Placement& placement) const = 0;
  /// `component`: transformer or transformer_2; `loras` are merged into its weights.
  virtual std::unique_ptr<Denoiser> load_denoiser(const ModelFolder& folder, const std::string& component,
                                                  const Placement& placement,
                                                  const std::vector<LoraSource>& loras) const = 0;
  /// For models whose denoiser attends_to_images().
  virtual std::unique_ptr<ImageEncoder> load_image_encoder(const ModelFolder& folder,
                                                           const Placement& placement) const = 0;
  virtual std::unique_ptr<VideoAutoencoder> load_autoencoder(const ModelFolder& folder,
                                                             const Placement& placement) const = 0;
};

void register_networks(const FamilyNetworks& networks);

/// Define an object of this at namespace scope in the family's own source.
template <class N>
class RegisteredNetworks {
 public:
  RegisteredNetworks() { register_networks(networks_); }

 private:
  N networks_;
};

const FamilyNetworks& networks_of(const Family& family);

}  // namespace sora
