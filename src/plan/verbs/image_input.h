// Whether a model takes the images of a request. No tensors.
#pragma once

#include <cstdint>

#include "models/family.h"

namespace sora {

/// Checks whether the model makes a video of `latent_frames` from an image, a last image, both or none.
/// Models without image conditioning take images as conditioning frames, and any of them is fine. Throws
/// Error (usage): an image is missing, there is one too many, or there are more frames than a model of two
/// images makes at once.
void check_images(const ModelFacts& model, bool image, bool last_image, std::int64_t latent_frames);

}  // namespace sora
