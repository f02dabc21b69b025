#include "plan/model/tiny_decoder.h"

#include "sora/error.h"

namespace sora {

void plan_tiny_decoder(Plan& plan, const ModelFacts& model, TinyDecoders& known) {
  const Request& request = plan.request;
  plan.picture.tiny = {};
  if (!request.tiny_vae) {
    if (request.tiny_result)
      throw Error(ErrorKind::usage, "options", "--tiny-result needs --tiny-vae FILE, the decoder to use");
    return;
  }
  auto found = known.find(*request.tiny_vae);
  if (found == known.end()) {
    const tiny::Latents latents{model.latent_channels, model.temporal_scale, model.spatial_scale};
    found = known.emplace(*request.tiny_vae, tiny::open(*request.tiny_vae, latents).config).first;
  }
  plan.picture.tiny.decodes_file = request.tiny_result || request.draft || request.verb == "live";
  plan.picture.tiny.bytes = static_cast<double>(
      tiny::decode_bytes(found->second, plan.picture.model_height, plan.picture.model_width));
  if (plan.picture.tiny.decodes_file) plan.notes.push_back("frames are decoded by " + *request.tiny_vae);
}

}  // namespace sora
