// Turns a picture into tokens that a denoiser attends to, in families that need this.
#pragma once

#include <ATen/ATen.h>

#include "media/rgb_picture.h"

namespace sora {

class ImageEncoder {
 public:
  virtual ~ImageEncoder() = default;
  /// [1, tokens, D]. Throws Error (data) where the picture cannot be resized to what the encoder takes.
  virtual at::Tensor encode(const RgbPicture& picture) const = 0;
};

}  // namespace sora
