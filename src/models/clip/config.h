// config.json of CLIP's encoders, and preprocessor_config.json (transformers' CLIPVisionModel, CLIPTextModel
// and CLIPImageProcessor).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "checkpoint/checkpoint.h"

namespace sora::clip {

/// What both encoders have. Members have the names of config.json's keys and the defaults of the class in
/// transformers 5.24.0.
struct EncoderConfig {
  enum class Activation { gelu, quick_gelu, gelu_tanh };

  std::int64_t hidden_size = 768;
  std::int64_t intermediate_size = 3072;
  std::int64_t num_hidden_layers = 12;
  std::int64_t num_attention_heads = 12;
  Activation hidden_act = Activation::quick_gelu;
  double layer_norm_eps = 1e-5;
};

struct VisionConfig : EncoderConfig {
  std::int64_t num_channels = 3;
  std::int64_t image_size = 224;  ///< pixels along each side
  std::int64_t patch_size = 32;

  std::int64_t patches() const { return (image_size / patch_size) * (image_size / patch_size); }
  std::int64_t tokens() const { return patches() + 1; }  ///< the class token is the first
};

struct TextConfig : EncoderConfig {
  std::int64_t vocab_size = 49408;
  std::int64_t max_position_embeddings = 77;
  /// The pooled vector is that of the first token with this id; 2, in older files: of the first token with
  /// the highest id of the prompt.
  std::int64_t eos_token_id = 49407;
};

/// How an image is preprocessed for the encoder.
struct ImageProcessorConfig {
  std::int64_t shortest_edge = 224;  ///< pixels after resizing; 0: width and height apply instead
  std::int64_t width = 0;            ///< size after resizing, whatever the aspect
  std::int64_t height = 0;
  std::int64_t crop_width = 224;  ///< of the centre crop
  std::int64_t crop_height = 224;
  int resample = 3;  ///< number of the filter in Pillow: 3 is bicubic
  double rescale_factor = 1 / 255.0;
  std::array<double, 3> image_mean{0.48145466, 0.4578275, 0.40821073};
  std::array<double, 3> image_std{0.26862954, 0.26130258, 0.27577711};
  bool do_resize = true;
  bool do_center_crop = true;
  bool do_rescale = true;
  bool do_normalize = true;
};

/// Reads config.json. A key that is absent or null has its default. Throws Error: no_input, data (not the
/// vision half of a CLIP, a value of the wrong type or out of range).
VisionConfig read_vision_config(const std::filesystem::path& path);

/// Reads config.json of a text encoder, or of a whole CLIP. Throws Error: no_input, data.
TextConfig read_text_config(const std::filesystem::path& path);

/// The config of a checkpoint (with our names), from the shapes of its tensors. Heads, activation and eps
/// cannot be seen there: they are those of `reference` if it has the same width; else heads have a width of
/// 80 from a hidden size of 1280 on (ViT-H) and of 64 below, and the activation is exact GELU. Throws Error
/// (data): a tensor is missing, has an impossible shape, or does not fit another.
VisionConfig vision_config_of(const Checkpoint& checkpoint, const std::optional<VisionConfig>& reference);

/// Reads preprocessor_config.json. Throws Error: no_input, data.
ImageProcessorConfig read_image_processor_config(const std::filesystem::path& path);

/// CLIP's preprocessing for the encoder's image size.
ImageProcessorConfig default_image_processor(const VisionConfig& config);

}  // namespace sora::clip
