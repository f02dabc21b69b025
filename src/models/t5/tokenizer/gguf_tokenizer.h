// The tokenizer that converters put into a text encoder's GGUF file.
#pragma once

#include <filesystem>

#include "models/t5/tokenizer/spiece_model.h"

namespace sora {

/// Throws Error: no_input, data (there is no tokenizer, or not that of a T5).
SpieceModel read_gguf_tokenizer(const std::filesystem::path& path);

}  // namespace sora
