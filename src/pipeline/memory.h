// How much memory a plan needs and how much there is.
#pragma once

#include <cstdint>

#include "models/wan/defaults.h"
#include "sora/plan.h"

namespace sora {

/// Peak bytes that the plan will need: weights as they are kept, the largest activations of a
/// transformer step and of a decoded chunk, and the libraries themselves. An estimate.
double estimate_peak_memory(const Plan& plan, const wan::ModelFacts& model);

/// Memory that can be had without swapping, in GB, the control group's limit included.
double available_memory_gb();

/// Whether the driver shows a CUDA device; asks the device files only.
bool cuda_device_present();

}  // namespace sora
