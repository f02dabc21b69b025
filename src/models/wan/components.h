// The config and the weights of a Wan network: from a folder in the layout of diffusers or of the original
// repository, or from one safetensors or GGUF file in any layout of names.h. File headers only; no tensors.
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

/// A single file has no config: its sizes come from the shapes of its tensors. The width of the heads is that
/// of the source's reference if it has the same width, else 128 as in all published models. Throws Error:
/// no_input, data, refused.
TransformerFiles open_transformer(const ComponentSource& source);
/// Its config alone; no weight file is opened where diffusers' config.json says everything.
TransformerConfig transformer_config(const ComponentSource& source);

/// As above. For a single file, mean and deviation of the latents are those of the source's reference if it
/// has as many channels, else those of Wan 2.1 (16 channels) or 2.2 (48).
VaeFiles open_vae(const ComponentSource& source);

}  // namespace sora::wan
