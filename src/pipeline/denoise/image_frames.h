// The image conditioning of a plan (image_condition.h), window by window.
#pragma once

#include <ATen/ATen.h>

#include "pipeline/denoise/denoise.h"
#include "pipeline/denoise/window_conditioning.h"
#include "pipeline/networks/model.h"
#include "sora/plan.h"

namespace sora {

/// Whether the model takes image conditioning; its windows then have no conditioning frames.
bool takes_image_condition(const Model& model);

class ImageFrames {
 public:
  /// Reads --image and --last-image, and sets the tokens of `text` where the model attends to images.
  /// `model` must outlive it. Throws Error: no_input, data, io.
  ImageFrames(const Plan& plan, const Model& model, Conditioning& text);

  /// The image conditioning of the window with this number: the first window begins with the image, a later
  /// one with the frames before it; the last window ends with the last image.
  at::Tensor condition(std::size_t window, const WindowConditioning& conditioning) const;

 private:
  const Plan& plan_;
  const Model& model_;
  at::Tensor first_, last_;  // [1, 3, 1, H, W]; last_ may be undefined
};

}  // namespace sora
