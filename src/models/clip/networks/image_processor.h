// CLIPImageProcessor: turns a picture of any size into the input of an image encoder, with the numbers of
// transformers 5.24.0 on Pillow (its torchvision backend resizes differently).
#pragma once

#include <ATen/ATen.h>

#include "media/rgb_picture.h"
#include "models/clip/config.h"

namespace sora::clip {

/// [1, 3, h, w] fp32 on the CPU: resized, cropped to the centre (padded with black where it is too small),
/// normalised. Throws Error (data): a picture a thousand times as long as it is wide.
at::Tensor process_image(const RgbPicture& picture, const ImageProcessorConfig& config);

}  // namespace sora::clip
