// Tables that rename T5 and UMT5 weights from the layouts of the original Wan repository and of llama.cpp
// (GGUF) to our names, which are those of transformers.
#pragma once

#include <optional>
#include <string>

#include "checkpoint/checkpoint.h"
#include "models/t5/config.h"

namespace sora {

/// Gives the tensors of a text encoder in any known layout our names. Throws Error (data) if two tensors get
/// the same name.
void name_text_encoder(Checkpoint& checkpoint);

/// The config of a text encoder (with our names), from the shapes of its tensors. What cannot be seen there
/// is that of `reference` if it has the same size, else UMT5's. Throws Error (data): tensors are missing, or
/// do not fit each other.
T5Config t5_config_of(const Checkpoint& checkpoint, const std::optional<T5Config>& reference);

}  // namespace sora
