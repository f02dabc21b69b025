// A Wan model, wherever its parts lie: a folder in the diffusers layout, the original repository's folder, a
// folder of single files, and single files that stand in for a part of one of these.
#pragma once

#include <filesystem>

#include "models/family.h"

namespace sora::wan {

/// Opens the model in `dir`, which may be empty if the replacements make a whole model. File headers only.
/// Throws Error: no_input (a part is missing: the message says which and what to do), refused (it is there
/// as a pickle), data.
ModelFolder open_wan_model(const std::filesystem::path& dir, const Replacements& replacements = {});

/// Throws Error where the model has no image encoder: no_input, refused (it is there as a pickle).
void require_image_encoder(const ModelFolder& folder);

/// The folder of the image encoder's preprocessor_config.json; empty where there is none.
std::filesystem::path image_processor_of(const ModelFolder& folder);

/// Whether `replacements` make a model without a folder.
bool is_whole_model(const Replacements& replacements);

/// Where the tokenizer is: a folder, or a file that holds it. Throws Error (no_input) that says where to get
/// one.
std::filesystem::path tokenizer_of(const ModelFolder& folder);

}  // namespace sora::wan
