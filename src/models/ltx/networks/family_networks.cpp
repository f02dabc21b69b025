// Loads the networks of an LTX-Video model, for the family door in models/networks/family_networks.h.
#include "models/networks/family_networks.h"

#include "models/ltx/components.h"
#include "models/ltx/model_files.h"
#include "models/ltx/networks/transformer.h"
#include "models/ltx/networks/vae.h"
#include "models/t5/networks/text_encoder.h"
#include "sora/error.h"

namespace sora::ltx {
namespace {

class LtxNetworks final : public FamilyNetworks {
 public:
  std::string family() const override { return "LTX-Video"; }

  std::unique_ptr<PromptEncoder> load_prompt_encoder(const ModelFolder& folder,
                                                     const Placement& placement) const override {
    // LTXPipeline encodes all tokens without a mask, so the encoder also sees the padding;
    // LTXConditionPipeline has a mask.
    const PromptForm form{
        .max_length = text_rows(folder), .is_cleaned = false, .sees_padding = !is_of_later_pipeline(folder)};
    return std::make_unique<TextEncoder>(folder.source("text_encoder"), tokenizer_of(folder), placement,
                                         form);
  }

  std::unique_ptr<Denoiser> load_denoiser(const ModelFolder& folder, const std::string& component,
                                          const Placement& placement,
                                          const std::vector<LoraSource>& loras) const override {
    // Positions are in pixels and seconds, which only the autoencoder knows.
    const VaeConfig vae = open_vae(folder.source("vae")).config;
    const CellScale scale{.frames = vae.temporal_scale,
                          .pixels = vae.spatial_scale,
                          .first_is_single = is_of_later_pipeline(folder)};
    return std::make_unique<LtxTransformer>(
        load_transformer(folder.source(component), placement, scale, loras));
  }

  std::unique_ptr<ImageEncoder> load_image_encoder(const ModelFolder&, const Placement&) const override {
    throw Error(ErrorKind::internal, "models", "LTX-Video has no image encoder");
  }

  std::unique_ptr<VideoAutoencoder> load_autoencoder(const ModelFolder& folder,
                                                     const Placement& placement) const override {
    return load_vae(folder.source("vae"), placement);
  }
};

const RegisteredNetworks<LtxNetworks> registered;

}  // namespace
}  // namespace sora::ltx
