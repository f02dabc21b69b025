// Finds the parts of an Open-Sora 2.0 model in a folder of the published layout: Open_Sora_v2.safetensors,
// hunyuan_vae.safetensors, google/t5-v1_1-xxl/ and openai/clip-vit-large-patch14/. The two files may have any
// names.
#pragma once

#include <filesystem>

#include "models/family.h"

namespace sora::opensora {

/// Whether the model is of this family, by what is in its files. Does not throw.
bool is_opensora_model(const std::filesystem::path& dir, const Replacements& replacements);

/// Opens the model in `dir`. Reads file headers only. Its components are transformer, vae, text_encoder (T5)
/// and text_encoder_2 (CLIP). Throws Error: no_input (a part is missing: the message says which and what to
/// do), refused, data.
ModelFolder open_opensora_model(const std::filesystem::path& dir, const Replacements& replacements);

/// T5's tokenizer: its folder, or the file that contains it. Throws Error (no_input).
std::filesystem::path tokenizer_of(const ModelFolder& folder);

}  // namespace sora::opensora
