// CLIPVisionModel (2103.00020): a vision transformer, with the numbers of transformers 5.24.0, as
// image-to-video models use it: its output is the input of its last layer.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "checkpoint/model_folder.h"
#include "media/rgb_picture.h"
#include "models/clip/config.h"
#include "models/clip/networks/encoder_layer.h"
#include "models/networks/image_encoder.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "weights/weights.h"

namespace sora::clip {

class VisionEncoder {
 public:
  VisionEncoder(const Weights& w, const VisionConfig& config);

  /// pixels [B, 3, image_size, image_size] -> [B, tokens(), hidden_size], hidden_states[-2] of transformers.
  at::Tensor operator()(const at::Tensor& pixels) const;

 private:
  VisionConfig config_;
  nn::Linear patch_embedding_;        // the convolution's stride is its kernel: a product over each patch
  at::Tensor class_embedding_;        // [C]
  at::Tensor position_embedding_;     // [tokens, C]
  nn::LayerNorm pre_layrnorm_;        // spelled like this in checkpoints
  std::vector<EncoderLayer> layers_;  // all but the last
};

/// Turns a picture into tokens. In fp32 on every device, since it runs once for each video.
class ImageEncoder final : public sora::ImageEncoder {
 public:
  /// `processor` is the folder with preprocessor_config.json, or empty (files.h).
  /// Throws Error: no_input, data, refused.
  ImageEncoder(const ComponentSource& source, const std::filesystem::path& processor, at::Device device);

  /// [1, tokens, hidden_size] on the device. Throws Error (data) where the picture cannot be resized to
  /// what the encoder takes.
  at::Tensor encode(const RgbPicture& picture) const override;

 private:
  struct Parts;
  explicit ImageEncoder(Parts parts);

  ImageProcessorConfig processor_;
  VisionConfig config_;
  at::Device device_;
  VisionEncoder encoder_;
};

}  // namespace sora::clip
