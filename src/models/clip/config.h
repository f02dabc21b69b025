// config.json and preprocessor_config.json of an image encoder (transformers' CLIPVisionModel and
// CLIPImageProcessor).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "checkpoint/checkpoint.h"

namespace sora::clip {

/// Members have the names of config.json and the class defaults of transformers 5.24.0.
struct VisionConfig {
  enum class Activation { gelu, quick_gelu, gelu_tanh };

  std::int64_t hidden_size = 768;
  std::int64_t intermediate_size = 3072;
  std::int64_t num_hidden_layers = 12;
  std::int64_t num_attention_heads = 12;
  std::int64_t num_channels = 3;
  std::int64_t image_size = 224;  ///< pixels along each side
  std::int64_t patch_size = 32;
  Activation hidden_act = Activation::quick_gelu;
  double layer_norm_eps = 1e-5;

  std::int64_t patches() const { return (image_size / patch_size) * (image_size / patch_size); }
  std::int64_t tokens() const { return patches() + 1; }  ///< the class token is the first
};

/// How a picture is prepared for the encoder.
struct ImageProcessorConfig {
  std::int64_t shortest_edge = 224;  ///< 0: the size is given by width and height
  std::int64_t width = 0;            ///< resized to this size, stretched if needed
  std::int64_t height = 0;
  std::int64_t crop_width = 224;  ///< cropped to the centre
  std::int64_t crop_height = 224;
  int resample = 3;  ///< Pillow's number of the filter: 3 is bicubic
  double rescale_factor = 1 / 255.0;
  std::array<double, 3> image_mean{0.48145466, 0.4578275, 0.40821073};
  std::array<double, 3> image_std{0.26862954, 0.26130258, 0.27577711};
  bool do_resize = true;
  bool do_center_crop = true;
  bool do_rescale = true;
  bool do_normalize = true;
};

/// Reads `path`. A key that is absent or null has its default. Throws Error: no_input, data (not the
/// vision half of a CLIP, a value of the wrong type or out of range).
VisionConfig read_vision_config(const std::filesystem::path& path);

/// The config that follows from the shapes of a checkpoint (with our names). Heads, activation and eps are
/// those of `reference` if it has the same width; else heads of 80 from width 1280 on (ViT-H), below it of
/// 64, and exact GELU. Throws Error (data): a tensor is missing, has an impossible shape, or does not fit
/// another.
VisionConfig vision_config_of(const Checkpoint& checkpoint, const std::optional<VisionConfig>& reference);

/// Reads `path`. Throws Error: no_input, data.
ImageProcessorConfig read_image_processor_config(const std::filesystem::path& path);

/// CLIP's own for an encoder of another size than 224.
ImageProcessorConfig default_image_processor(const VisionConfig& config);

}  // namespace sora::clip
