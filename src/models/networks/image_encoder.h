// From a picture to tokens that a denoiser attends to, of any family that has this.
#pragma once

#include <ATen/ATen.h>

#include "media/rgb_picture.h"

namespace sora {

class ImageEncoder {
 public:
  virtual ~ImageEncoder() = default;
  /// [1, tokens, D]. Throws Error (data) where the picture cannot be made the size that the encoder takes.
  virtual at::Tensor encode(const RgbPicture& picture) const = 0;
};

}  // namespace sora
