#include "models/clip/networks/vision_encoder.h"

#include <c10/core/InferenceMode.h>

#include <utility>

#include "checkpoint/schema.h"
#include "models/clip/files.h"
#include "models/clip/names.h"
#include "models/clip/networks/image_processor.h"
#include "sora/error.h"

namespace sora::clip {
namespace {

nn::Linear patch_embedding(const Weights& w, const VisionConfig& config) {
  nn::Linear linear;  // without a bias
  linear.weight =
      w.get("weight", {config.hidden_size, config.num_channels, config.patch_size, config.patch_size})
          .flatten(1);
  return linear;
}

// In the Wan repository's copy these two have a batch dimension and other names.
at::Tensor class_embedding(const Weights& w, const VisionConfig& config) {
  return w.has("cls_embedding") ? w.get("cls_embedding", {1, 1, config.hidden_size}).flatten()
                                : w.get("class_embedding", {config.hidden_size});
}
at::Tensor position_embedding(const Weights& w, const VisionConfig& config) {
  return w.has("pos_embedding") ? w.get("pos_embedding", {1, config.tokens(), config.hidden_size}).squeeze(0)
                                : w.get("position_embedding.weight", {config.tokens(), config.hidden_size});
}

// Checks the tensors of the whole encoder, including the parts that are not used here, so that a damaged file
// is noticed.
void check(const Checkpoint& checkpoint, const VisionConfig& config) {
  auto recorder = std::make_shared<SchemaRecorder>(&checkpoint);
  const Weights w(recorder);
  (void)VisionEncoder(w, config);
  (void)EncoderLayer(w / "encoder" / "layers" / (config.num_hidden_layers - 1), config);
  (void)nn::LayerNorm(w / "post_layernorm", config.hidden_size, config.layer_norm_eps);
  check_schema(recorder->schema(), checkpoint, is_unused);
}

VisionEncoder load(ImageEncoderFiles files, at::Device device) {
  check(files.checkpoint, files.config);
  Placement placement{device, at::kFloat};
  placement.storage = WeightStorage::stored;
  auto checkpoint = std::make_shared<const Checkpoint>(std::move(files.checkpoint));
  return VisionEncoder(Weights(std::make_shared<CheckpointReader>(std::move(checkpoint), placement)),
                       files.config);
}

}  // namespace

VisionEncoder::VisionEncoder(const Weights& w, const VisionConfig& config)
    : config_(config),
      patch_embedding_(patch_embedding(w / "embeddings" / "patch_embedding", config)),
      class_embedding_(class_embedding(w / "embeddings", config)),
      position_embedding_(position_embedding(w / "embeddings", config)),
      pre_layrnorm_(w / "pre_layrnorm", config.hidden_size, config.layer_norm_eps) {
  for (std::int64_t i = 0; i + 1 < config.num_hidden_layers; ++i) {
    layers_.emplace_back(w / "encoder" / "layers" / i, config);
  }
}

at::Tensor VisionEncoder::operator()(const at::Tensor& pixels) const {
  const std::int64_t p = config_.patch_size, side = config_.image_size / p;
  const at::Tensor patches = pixels.narrow(2, 0, side * p)
                                 .narrow(3, 0, side * p)
                                 .unflatten(3, {side, p})
                                 .unflatten(2, {side, p})      // [B, 3, rows, p, columns, p]
                                 .permute({0, 2, 4, 1, 3, 5})  // [B, rows, columns, 3, p, p]
                                 .flatten(3)
                                 .flatten(1, 2);  // [B, N - 1, 3 * p * p]
  const at::Tensor first = class_embedding_.expand({pixels.size(0), 1, -1});
  at::Tensor x = at::cat({first, patch_embedding_(patches)}, 1) + position_embedding_;  // [B, N, C]
  x = pre_layrnorm_(x);
  for (const EncoderLayer& layer : layers_) x = layer(x);
  return x;
}

struct ImageEncoder::Parts {
  ImageEncoderFiles files;
  at::Device device;
};

ImageEncoder::ImageEncoder(const ComponentSource& source, const std::filesystem::path& processor,
                           at::Device device)
    : ImageEncoder(Parts{open_image_encoder(source, processor), device}) {}

ImageEncoder::ImageEncoder(Parts parts)
    : processor_(parts.files.processor),
      config_(parts.files.config),
      device_(parts.device),
      encoder_(load(std::move(parts.files), parts.device)) {}

at::Tensor ImageEncoder::encode(const RgbPicture& picture) const {
  const c10::InferenceMode inference;
  const at::Tensor pixels = process_image(picture, processor_);
  if (pixels.size(2) != config_.image_size || pixels.size(3) != config_.image_size) {
    throw Error(ErrorKind::data, "image_encoder",
                "its image_processor produces pictures of " + std::to_string(pixels.size(3)) + " x " +
                    std::to_string(pixels.size(2)) + ", expected " + std::to_string(config_.image_size) +
                    " x " + std::to_string(config_.image_size) + "; see its do_center_crop and size");
  }
  return encoder_(pixels.to(device_));
}

}  // namespace sora::clip
