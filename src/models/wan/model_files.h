// Finds the files of a Wan model: in a folder in the diffusers layout, in the original repository's folder,
// in a folder of single files; single files can replace parts of these.
#pragma once

#include <filesystem>

#include "models/family.h"

namespace sora::wan {

/// Opens the model in `dir`, which may be empty if the replacements make a whole model. File headers only.
/// Throws Error: no_input (a part is missing: the message says which and what to do), refused (the part is a
/// pickle), data.
ModelFolder open_wan_model(const std::filesystem::path& dir, const Replacements& replacements = {});

/// Throws Error where the model has no image encoder: no_input, refused (it is a pickle).
void require_image_encoder(const ModelFolder& folder);

/// The folder of the image encoder's preprocessor_config.json; empty where there is none.
std::filesystem::path image_processor_of(const ModelFolder& folder);

/// Whether `replacements` make a model without a folder.
bool is_whole_model(const Replacements& replacements);

/// The tokenizer's folder, or the file that has it inside. Throws Error (no_input) that says where to get
/// one.
std::filesystem::path tokenizer_of(const ModelFolder& folder);

}  // namespace sora::wan
