// A Wan network's config and weights, from a folder in the diffusers layout or the original repository's, or
// from one safetensors or GGUF file in any layout of names.h. Reads file headers only; no tensors.
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

/// A single file has no config: sizes follow from its shapes, and the heads have a width of 128 as in all
/// published models, unless the source's reference has the same width. Throws Error: no_input, data, refused.
TransformerFiles open_transformer(const ComponentSource& source);
/// As above; the mean and deviation of the latents are those of Wan 2.1 (16 channels) or 2.2 (48), unless the
/// source's reference has as many channels.
VaeFiles open_vae(const ComponentSource& source);

}  // namespace sora::wan
