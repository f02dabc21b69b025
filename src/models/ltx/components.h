// The config and the weights of LTX-Video's networks, from a folder or from one file. File headers only; no
// tensors.
#pragma once

#include "checkpoint/model_folder.h"
#include "models/ltx/transformer_config.h"
#include "models/ltx/vae_config.h"

namespace sora::ltx {

struct TransformerFiles {
  TransformerConfig config;
  Checkpoint checkpoint;  ///< with our names
};

struct VaeFiles {
  VaeConfig config;
  Checkpoint checkpoint;
};

/// Both throw Error: no_input, data, refused.
TransformerFiles open_transformer(const ComponentSource& source);
VaeFiles open_vae(const ComponentSource& source);

}  // namespace sora::ltx
