// Estimates of the memory that each phase of a run needs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Bytes of streamed weights that are prefetched.
std::uint64_t prefetch_bytes(const ModelFacts& model);

/// Bytes of an element of the type that is computed in.
double element_size(const Machine& machine);

/// The memory of each phase with this Machine::offload; phases that the plan does not have are left out.
std::vector<PhaseMemory> estimate_memory(const Plan& plan, const ModelFacts& model,
                                         const std::string& offload);

/// Memory of the text encoder, its weights and its activations.
double text_encoder_gb(const Machine& machine, const ModelFacts& model, const std::string& offload);

}  // namespace sora
