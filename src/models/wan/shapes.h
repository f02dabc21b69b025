// The config of a network from the shapes of its tensors (with our names).
#pragma once

#include <optional>

#include "checkpoint/checkpoint.h"
#include "models/wan/transformer_config.h"
#include "models/wan/vae_config.h"

namespace sora::wan {

/// Heads, eps and the length of the rotary table cannot be seen from shapes: they are those of `reference` if
/// it has the same width, else the published ones. Throws Error (data): a tensor is missing, has an
/// impossible shape, or does not fit another.
TransformerConfig transformer_config_of(const Checkpoint& checkpoint,
                                        const std::optional<TransformerConfig>& reference);

/// Mean and deviation of the latents are those of `reference` if it has as many channels, else the published
/// ones. Throws Error (data) as above.
VaeConfig vae_config_of(const Checkpoint& checkpoint, const std::optional<VaeConfig>& reference);

}  // namespace sora::wan
