// The config and the weights of a text encoder, from a folder or from one file, and its tokenizer. File
// headers only; no tensors.
#pragma once

#include <optional>
#include <string>

#include "checkpoint/model_folder.h"
#include "models/t5/config.h"

namespace sora {

struct T5Files {
  T5Config config;
  Checkpoint checkpoint;                    ///< with our names
  std::optional<std::string> spiece_model;  ///< the tokenizer, where the file contains it (ComfyUI)
};

/// Throws Error: no_input, data, refused.
T5Files open_text_encoder(const ComponentSource& source);

/// The spiece.model that a file of weights contains as a tensor (ComfyUI), which is removed from its names; to
/// be called before they lose their prefixes.
std::optional<std::string> take_tokenizer(Checkpoint& checkpoint);

/// Whether there is a tokenizer in `folder`: spiece.model or tokenizer.json.
bool holds_tokenizer(const std::filesystem::path& folder);

/// The tokenizer of a text encoder in one file: that file, if it contains the tokenizer; else the folder of
/// the file, or tokenizer/ or google/umt5-xxl/ in it; {} if there is none.
std::optional<std::filesystem::path> tokenizer_beside(const std::filesystem::path& text_encoder);

}  // namespace sora
