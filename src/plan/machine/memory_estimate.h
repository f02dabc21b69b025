// The arithmetic of memory: what each part of a run needs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Bytes that are brought before they are used when weights are streamed.
std::uint64_t prefetch_bytes(const ModelFacts& model);

/// Bytes of an element that is computed in.
double element_size(const Plan& plan);

/// Of each phase of the plan with this Plan::offload; phases that it does not have are left out.
std::vector<PhaseMemory> estimate_memory(const Plan& plan, const ModelFacts& model,
                                         const std::string& offload);

/// What the text encoder needs, its weights and its work.
double text_encoder_gb(const Plan& plan, const ModelFacts& model, const std::string& offload);

}  // namespace sora
