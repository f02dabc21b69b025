// The layouts of T5 and UMT5 weights, as tables that map their tensor names to ours, which are those of
// transformers: the layouts of the original Wan repository and of llama.cpp (GGUF).
#pragma once

#include <optional>
#include <string>

#include "checkpoint/checkpoint.h"
#include "models/t5/config.h"

namespace sora {

/// Renames the tensors of a text encoder in any layout to our names.
/// Throws Error (data) if two tensors get one name.
void name_text_encoder(Checkpoint& checkpoint);

/// The config that follows from the shapes of a text encoder's tensors (with our names); the rest is that of
/// `reference` if it has the same size, else UMT5's. Throws Error (data): tensors are missing, or do not fit
/// each other.
T5Config t5_config_of(const Checkpoint& checkpoint, const std::optional<T5Config>& reference);

}  // namespace sora
