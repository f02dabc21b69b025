// The shape of T5's largest encoder, which several published models have, each with a vocabulary of its own.
#pragma once

#include "models/t5/config.h"

namespace sora {

/// T5 v1.1 XXL's, with 32,128 pieces and one position bias for all layers.
T5Config t5_xxl();
/// UMT5 XXL's: the same layers, 256,384 pieces, a position bias for each layer.
T5Config umt5_xxl();

}  // namespace sora
