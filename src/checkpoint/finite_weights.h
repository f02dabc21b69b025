// Weights that are no numbers: what a damaged or badly converted file has.
#pragma once

#include <optional>
#include <string>

#include "checkpoint/checkpoint.h"

namespace sora {

/// The first tensor with a NaN or an infinite value, by name; none: all are numbers. Reads the whole file.
/// Tensors of whole numbers and of blocks (GGUF) are not looked at.
std::optional<std::string> tensor_not_finite(const Checkpoint& checkpoint);

}  // namespace sora
