// What the shapes of a network's tensors (with our names) tell of its config.
#pragma once

#include <optional>

#include "checkpoint/checkpoint.h"
#include "models/wan/transformer_config.h"
#include "models/wan/vae_config.h"

namespace sora::wan {

/// Heads, eps and the length of the rotary table are `reference`'s if that is as wide, else the published
/// ones. Throws Error (data): a tensor is missing, has an impossible shape, or does not fit another.
TransformerConfig transformer_config_of(const Checkpoint& checkpoint,
                                        const std::optional<TransformerConfig>& reference);

/// Mean and deviation of the latents are `reference`'s if that has as many channels, else the published
/// ones. Throws Error (data) as above.
VaeConfig vae_config_of(const Checkpoint& checkpoint, const std::optional<VaeConfig>& reference);

}  // namespace sora::wan
