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

struct TextEncoderFiles {
  TextConfig config;
  Checkpoint checkpoint;  ///< with our names
};

/// A folder with config.json and the weights of a text encoder or of a whole CLIP. Throws Error: no_input,
/// data, refused.
TextEncoderFiles open_clip_text_encoder(const std::filesystem::path& folder);

/// `processor` is the folder with preprocessor_config.json; without that file (or with an empty path) CLIP's
/// usual preprocessing is used. Throws Error: no_input, data (also where the preprocessing does not give the
/// encoder's image size), refused.
ImageEncoderFiles open_image_encoder(const ComponentSource& source, const std::filesystem::path& processor);

}  // namespace sora::clip
