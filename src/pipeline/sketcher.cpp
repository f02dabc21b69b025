#include "pipeline/sketcher.h"

#include "pipeline/resize.h"
#include "pipeline/tiled_vae.h"

namespace sora {

Sketcher::Sketcher(const Model& model, const Plan& plan) : model_(model), plan_(plan), small_(plan) {
  const Sketch& sketch = *plan.sketch;
  small_.model_width = sketch.width;
  small_.model_height = sketch.height;
  small_.latent_width = sketch.latent_width;
  small_.latent_height = sketch.latent_height;
  small_.steps = sketch.steps;
  small_.first_step = 0;
  small_.tiling.reset();
  small_.vae_tiling.reset();
}

at::Tensor Sketcher::draw_noise(NoiseSource& source, int count) const {
  return source.draw({1, small_.latent_channels, count, small_.latent_height, small_.latent_width});
}

DenoiseState Sketcher::begin(std::size_t window, const Conditioning& text, const KnownFrames& known,
                             const at::Tensor& sketch_noise, const at::Tensor& noise,
                             const DenoiseHooks& hooks) const {
  const Held held = known.of(window, FrameSize{small_.model_height, small_.model_width});
  const at::Tensor latents = denoise(model_, small_, text, sketch_noise, held, hooks);
  const at::Tensor frames =
      resized(model_.vae->decode(latents), plan_.model_height, plan_.model_width);  // [1, 3, n, H, W]
  return remix_start(model_, plan_, encode_in_tiles(*model_.vae, frames, plan_.vae_tiling), noise);
}

}  // namespace sora
