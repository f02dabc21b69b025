#include "models/clip/files.h"

#include <algorithm>
#include <utility>

#include "models/clip/names.h"
#include "sora/error.h"

namespace fs = std::filesystem;

namespace sora::clip {
namespace {

constexpr const char* kComponent = "image_encoder";

VisionConfig config_of(const ComponentSource& source, const Checkpoint& checkpoint) {
  if (!source.is_file()) return read_vision_config(source.path / "config.json");
  const auto names = checkpoint.names();
  if (std::none_of(names.begin(), names.end(),
                   [](const std::string& name) { return name.starts_with("embeddings.patch_embedding."); })) {
    throw Error(ErrorKind::data, kComponent,
                source.path.string() +
                    ": has no image encoder, expected the vision half of a CLIP (ViT-H/14 " +
                    "for Wan 2.1), such as clip_vision_h.safetensors");
  }
  std::optional<VisionConfig> reference;
  if (!source.reference.empty() && fs::exists(source.reference / "config.json")) {
    reference = read_vision_config(source.reference / "config.json");
  }
  return vision_config_of(checkpoint, reference);
}

// Without a crop, the size depends on the image and is checked later.
void check_size(const ImageProcessorConfig& processor, const VisionConfig& config, const fs::path& path) {
  if (!processor.do_center_crop) return;
  if (processor.crop_width == config.image_size && processor.crop_height == config.image_size) return;
  throw Error(ErrorKind::data, kComponent,
              path.string() + ": crop_size is " + std::to_string(processor.crop_width) + " x " +
                  std::to_string(processor.crop_height) + ", expected " + std::to_string(config.image_size) +
                  " x " + std::to_string(config.image_size) + ", the image_size of the image encoder");
}

}  // namespace

ImageEncoderFiles open_image_encoder(const ComponentSource& source, const fs::path& processor) {
  Checkpoint checkpoint = source.open("model");
  name_image_encoder(checkpoint);
  const VisionConfig config = config_of(source, checkpoint);
  ImageProcessorConfig processing = default_image_processor(config);
  const fs::path path = processor / "preprocessor_config.json";
  if (!processor.empty() && fs::exists(path)) {
    processing = read_image_processor_config(path);
    check_size(processing, config, path);
  }
  return {config, processing, std::move(checkpoint)};
}

TextEncoderFiles open_clip_text_encoder(const fs::path& folder) {
  TextEncoderFiles files{read_text_config(folder / "config.json"), Checkpoint(folder, "model")};
  name_text_encoder(files.checkpoint);
  return files;
}

}  // namespace sora::clip
