// Names and shapes of a text encoder's tensors, without building it, so that a file that does not fit is
// refused before any work and without a tensor library. A test compares them with the network's own.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/schema.h"
#include "models/t5/config.h"

namespace sora {

/// `checkpoint` tells under which of two names the table of embeddings is.
std::vector<TensorSpec> t5_schema(const T5Config& config, const Checkpoint& checkpoint);

/// Tensors of files that the encoder does not use: the decoder of a whole T5, and a second table.
bool is_unused_in_text_encoder(const std::string& name);

}  // namespace sora
