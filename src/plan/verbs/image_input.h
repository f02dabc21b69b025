// Whether a model can begin from the images that a request names. No tensors.
#pragma once

#include <cstdint>

#include "models/family.h"

namespace sora {

/// Of a video of `latent_frames` with a first and a last image, or without. Models that take no images of
/// their own take them as held latents, which is not looked at here.
/// Throws Error (usage): a model that needs images gets none, one that takes two gets one, one that takes one
/// gets two, or more frames than a model of two images makes at once.
void check_images(const ModelFacts& model, bool image, bool last_image, std::int64_t latent_frames);

}  // namespace sora
