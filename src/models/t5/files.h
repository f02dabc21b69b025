// A text encoder's config and weights, from a folder or from one file, and the tokenizer beside it. Reads
// file headers only; no tensors.
#pragma once

#include <optional>
#include <string>

#include "checkpoint/model_folder.h"
#include "models/t5/config.h"

namespace sora {

struct T5Files {
  T5Config config;
  Checkpoint checkpoint;                    ///< with our names
  std::optional<std::string> spiece_model;  ///< the tokenizer, if it is in the file, as in ComfyUI's
};

/// Throws Error: no_input, data, refused.
T5Files open_text_encoder(const ComponentSource& source);

/// Whether there is a tokenizer in `folder`: spiece.model or tokenizer.json.
bool holds_tokenizer(const std::filesystem::path& folder);

/// The tokenizer that belongs to a text encoder in one file: in the file itself (then the file), beside it,
/// or in the folders tokenizer/ and google/umt5-xxl/ there; {} if there is none.
std::optional<std::filesystem::path> tokenizer_beside(const std::filesystem::path& text_encoder);

}  // namespace sora
