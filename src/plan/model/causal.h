// Causal models, which make a video block by block (Note [Causal denoisers] in
// models/networks/causal_session.h).
#pragma once

#include <string>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

inline bool is_causal(const Plan& plan) { return plan.sampling.causal.block > 0; }

/// Sets plan.sampling.causal. Throws Error (usage): --attention-window and --attention-sink out of range, or
/// for another model; guidance with a causal one.
void plan_causal_sampling(Plan& plan, const ModelFacts& model);

/// Throws Error (usage) where the request needs a model that sees the end of a video before its start.
void refuse_for_causal(const Request& request, const ModelFacts& model);

/// For people: what attention sees.
std::string causal_text(const CausalSampling& causal);

}  // namespace sora
