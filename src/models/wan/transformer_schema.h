// Names and shapes of the transformer's tensors, without building it, so that a file that does not fit is
// refused before any work and without a tensor library. A test compares them with the network's own.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/schema.h"
#include "models/wan/transformer_config.h"

namespace sora::wan {

std::vector<TensorSpec> transformer_schema(const TransformerConfig& config);

/// Old conversions of the image models have tensors that nothing uses; diffusers ignores them too.
bool is_unused_in_transformer(const std::string& name);

}  // namespace sora::wan
