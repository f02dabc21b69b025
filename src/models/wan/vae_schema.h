// Names and shapes of the autoencoder's tensors, without building it, as transformer_schema.h has them for
// the transformer.
#pragma once

#include <vector>

#include "checkpoint/schema.h"
#include "models/wan/vae_config.h"

namespace sora::wan {

std::vector<TensorSpec> vae_schema(const VaeConfig& config);

}  // namespace sora::wan
