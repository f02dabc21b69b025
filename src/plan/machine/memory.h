// How much memory a plan needs, phase by phase, and how much there is.
#pragma once

#include <string>
#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// The memory that a plan may use, of the GPU where one is used: --max-memory; without it, what
/// is free: `free_gb` of the host's memory, machine.free_gb of a GPU's.
struct MemoryLimit {
  double bytes = 0;    ///< 0: none, since it is not known
  bool asked = false;  ///< set by --max-memory
};
MemoryLimit memory_limit(const Request& request, const Machine& machine, double free_gb);

/// The value of --offload that a plan takes.
struct OffloadChoice {
  std::string offload;  ///< the fastest that fits; where none does, the one that needs the least
  double peak_gb = 0;   ///< of the GPU's memory where one is used
  bool fits = false;
};
/// Throws Error (usage): --offload.
OffloadChoice choose_offload(const Plan& plan, const ModelFacts& model, const MemoryLimit& limit);

/// What the plan needs with each value of --offload.
std::vector<OffloadMemory> memory_of_each_offload(const Plan& plan, const ModelFacts& model);

/// Chooses the fastest Machine::offload with which the plan fits into memory, and sets all of plan.machine
/// that depends on it. To be called last. Throws Error: usage (--offload, --max-memory), unavailable (no way
/// fits; the message says which smaller sizes would).
void plan_memory(Plan& plan, const ModelFacts& model, double free_gb);

/// Memory in GB that can be allocated without swapping, within the limits of the control group and of the
/// process (ulimit -d).
double available_memory_gb();

}  // namespace sora
