// Configs of LTX-Video's networks from the shapes of their tensors, for files without config.json.
#pragma once

#include <optional>

#include "checkpoint/checkpoint.h"
#include "models/ltx/transformer_config.h"
#include "models/ltx/vae_config.h"

namespace sora::ltx {

/// The config of a transformer with our names. The number of heads cannot be seen: it is that of `reference`
/// if that has the same width, else 32, as in all published models. Throws Error (data).
TransformerConfig transformer_config_of(const Checkpoint& checkpoint,
                                        const std::optional<TransformerConfig>& reference);

/// The config of an autoencoder with our names. What cannot be seen is as published: the decoder is not
/// causal, and doublings that divide the channels have a shortcut. Throws Error (data).
VaeConfig vae_config_of(const Checkpoint& checkpoint);

}  // namespace sora::ltx
