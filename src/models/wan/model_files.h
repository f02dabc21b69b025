// Finds the parts of a Wan model: in a folder in the diffusers layout, the original repository's folder, a
// folder of single files, or single files that replace parts of one of these.
#pragma once

#include <filesystem>

#include "models/family.h"

namespace sora::wan {

/// Opens the model in `dir`, which may be empty if the replacements are a whole model. Reads file headers
/// only. Throws Error: no_input (a part is missing: the message says which and what to do), refused (a part
/// is pickled), data.
ModelFolder open_wan_model(const std::filesystem::path& dir, const Replacements& replacements = {});

/// Throws Error where the model has no image encoder: no_input, refused (it is pickled).
void require_image_encoder(const ModelFolder& folder);

/// The folder with the image encoder's preprocessor_config.json; empty where there is none.
std::filesystem::path image_processor_of(const ModelFolder& folder);

/// Whether `replacements` are a whole model, without a folder.
bool is_whole_model(const Replacements& replacements);

/// The tokenizer's folder, or the file that contains it. Throws Error (no_input) that says where to get one.
std::filesystem::path tokenizer_of(const ModelFolder& folder);

}  // namespace sora::wan
