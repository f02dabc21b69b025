// Why a run came to NaN: weights that are no numbers, or something else.
#pragma once

#include "sora/plan.h"

namespace sora {

/// Reads the weight files of the plan's model and its LoRAs. Throws Error (data) where one has a NaN or an
/// infinite value, with the file and the tensor.
void report_bad_weights(const Plan& plan);

}  // namespace sora
