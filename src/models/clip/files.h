// An image encoder's config and weights, from a folder or from one file. Reads file headers only; no tensors.
#pragma once

#include <filesystem>

#include "checkpoint/model_folder.h"
#include "models/clip/config.h"

namespace sora::clip {

struct ImageEncoderFiles {
  VisionConfig config;
  ImageProcessorConfig processor;
  Checkpoint checkpoint;  ///< with our names
};

/// `processor` is the folder with preprocessor_config.json; without that file (or with an empty path) the
/// encoder has CLIP's usual one. Throws Error: no_input, data (also where the processor produces pictures of
/// another size than the encoder takes), refused.
ImageEncoderFiles open_image_encoder(const ComponentSource& source, const std::filesystem::path& processor);

}  // namespace sora::clip
