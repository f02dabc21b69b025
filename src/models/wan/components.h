// A Wan network's description and weights, from whatever people have: a folder in the diffusers layout or
// the original repository's, or one safetensors or GGUF file in any of the layouts of names.h.
// File headers only; no tensors.
#pragma once

#include "checkpoint/model_folder.h"
#include "models/wan/transformer_config.h"
#include "models/wan/vae_config.h"

namespace sora::wan {

struct TransformerFiles {
  TransformerConfig config;
  Checkpoint checkpoint;  ///< with our names
};

struct VaeFiles {
  VaeConfig config;
  Checkpoint checkpoint;  ///< with our names
};

/// A single file has no config: its shapes tell the sizes, and heads of 128 the rest, as all published
/// models have them, unless the source's reference is of the same width.
/// Throws Error: no_input, data, refused.
TransformerFiles open_transformer(const ComponentSource& source);
/// As above; the mean and deviation of the latents are those of Wan 2.1 (16 channels) or 2.2 (48), unless the
/// source's reference has as many channels.
VaeFiles open_vae(const ComponentSource& source);

}  // namespace sora::wan
