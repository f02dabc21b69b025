// The config and the weights of an image encoder, from a folder or from one file. File headers only; no
// tensors.
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

/// `processor` is the folder with preprocessor_config.json; without that file (or with an empty path) CLIP's
/// usual preprocessing is used. Throws Error: no_input, data (also where the preprocessing does not give the
/// encoder's image size), refused.
ImageEncoderFiles open_image_encoder(const ComponentSource& source, const std::filesystem::path& processor);

}  // namespace sora::clip
