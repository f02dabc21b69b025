// The layouts that people have T5 and UMT5 weights in, as tables of names: the original Wan repository's,
// llama.cpp's (GGUF), and transformers', which are ours.
#pragma once

#include <optional>
#include <string>

#include "checkpoint/checkpoint.h"
#include "models/t5/config.h"

namespace sora {

/// Gives the tensors of a text encoder our names, whatever layout they are in.
/// Throws Error (data) if two tensors get one name.
void name_text_encoder(Checkpoint& checkpoint);

/// What the shapes of a text encoder's tensors (with our names) tell; the rest is `reference`'s if that is
/// of the same size, else UMT5's. Throws Error (data): tensors are missing, or do not fit each other.
T5Config t5_config_of(const Checkpoint& checkpoint, const std::optional<T5Config>& reference);

}  // namespace sora
