// How much memory a plan needs, phase by phase, and how much there is.
#pragma once

#include <string>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Memory that the plan may have, in bytes: --max-memory, of the device where one is used; else what the
/// machine has free, `free_gb`, of a CPU.
struct MemoryLimit {
  double bytes = 0;    ///< 0: not known
  bool asked = false;  ///< by --max-memory
};
MemoryLimit memory_limit(const Plan& plan, double free_gb);

/// Chooses what leaves memory while it is not needed (Plan::offload), so that the plan fits, and sets what
/// follows from it. To be called when all else is planned. Throws Error: usage (--offload, --max-memory),
/// unavailable (nothing fits; the message says what would).
void plan_memory(Plan& plan, const ModelFacts& model, double free_gb);

/// Memory that can be had without swapping, in GB, the limits of the control group and of the process (ulimit
/// -d) included.
double available_memory_gb();

/// Whether the driver shows a CUDA device; asks the device files only.
bool cuda_device_present();

}  // namespace sora
