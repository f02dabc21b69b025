// Loads the networks of an Open-Sora 2.0 model, for the family door in models/networks/family_networks.h.
#include "models/networks/family_networks.h"

#include <utility>

#include "models/clip/networks/text_encoder.h"
#include "models/hunyuan/networks/vae.h"
#include "models/opensora/facts.h"
#include "models/opensora/model_files.h"
#include "models/opensora/networks/transformer.h"
#include "models/opensora/prompt.h"
#include "models/t5/networks/text_encoder.h"
#include "sora/error.h"

namespace sora::opensora {
namespace {

/// T5's rows and CLIP's vector of a prompt.
class TwoEncoders final : public PromptEncoder {
 public:
  TwoEncoders(TextEncoder t5, clip::TextEncoder clip) : t5_(std::move(t5)), clip_(std::move(clip)) {}

  EncodedPrompt encode_rows(const std::string& prompt) const override {
    const std::string text = with_motion(prompt);
    EncodedPrompt encoded = t5_.encode_rows(text);
    encoded.vector = clip_.pooled(text);
    return encoded;
  }

 private:
  TextEncoder t5_;
  clip::TextEncoder clip_;
};

class OpenSoraNetworks final : public FamilyNetworks {
 public:
  std::string family() const override { return "Open-Sora"; }

  std::unique_ptr<PromptEncoder> load_prompt_encoder(const ModelFolder& folder,
                                                     const Placement& placement) const override {
    // Its HFEmbedder gives T5 no mask, and the transformer all rows.
    const PromptForm form{
        .max_length = kTextRows, .is_cleaned = false, .sees_padding = true, .keeps_padding = true};
    const std::filesystem::path clip = folder.source("text_encoder_2").path;
    return std::make_unique<TwoEncoders>(
        TextEncoder(folder.source("text_encoder"), tokenizer_of(folder), placement, form),
        clip::TextEncoder(clip, clip, placement.device));
  }

  std::unique_ptr<Denoiser> load_denoiser(const ModelFolder& folder, const std::string& component,
                                          const Placement& placement,
                                          const std::vector<LoraSource>& loras) const override {
    return std::make_unique<MmditTransformer>(load_transformer(folder.source(component), placement, loras));
  }

  std::unique_ptr<ImageEncoder> load_image_encoder(const ModelFolder&, const Placement&) const override {
    throw Error(ErrorKind::internal, "models", "Open-Sora has no image encoder");
  }

  std::unique_ptr<VideoAutoencoder> load_autoencoder(const ModelFolder& folder,
                                                     const Placement& placement) const override {
    return hunyuan::load_vae(folder.source("vae"), placement);
  }
};

const RegisteredNetworks<OpenSoraNetworks> registered;

}  // namespace
}  // namespace sora::opensora
