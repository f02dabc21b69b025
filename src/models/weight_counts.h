// How large the networks of a model are, by the headers of their files.
#pragma once

#include <string>

#include "models/family.h"

namespace sora {

/// Counts the weights of a network, and adds them to the sums in `facts`. `table` is the name of the tensor
/// that is read by rows; empty: there is none. Throws Error (data) where a tensor has an unknown type.
NetworkSize count_weights(ModelFacts& facts, const Checkpoint& checkpoint, const std::string& table = "");

/// The same for a T5 or UMT5 encoder, whose token embeddings are read by rows.
NetworkSize count_text_encoder(ModelFacts& facts, const Checkpoint& checkpoint);

/// The size of a network whose files are not here: all of its elements have `bytes` bytes.
NetworkSize size_of_published(std::uint64_t parameters, int bytes, std::uint64_t largest);

}  // namespace sora
