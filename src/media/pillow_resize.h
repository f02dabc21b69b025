// Resizes as Pillow does, to the bit: image encoders and image-to-video models were trained, and are
// measured, with Pillow. libswscale's filters differ from it by several levels when they reduce, and Pillow's
// C code is not available as a library.
#pragma once

#include "media/rgb_picture.h"

namespace sora {

/// Values are Pillow's, as preprocessor_config.json has them under `resample`.
enum class PillowFilter { lanczos = 1, bilinear = 2, bicubic = 3, box = 4, hamming = 5 };

/// The picture at width x height, stretched where its shape differs. Filters are widened when they reduce;
/// each of the two passes, along rows and along columns, rounds to 8 bits, and a pass that changes nothing is
/// skipped. Equal to Pillow 13.0.0.
RgbPicture pillow_resized(const RgbPicture& picture, int width, int height, PillowFilter filter);

}  // namespace sora
