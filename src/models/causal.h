// Models that make a video block by block (Note [Causal denoisers] in models/networks/causal_session.h): what
// families and sora-gen.json say of them.
#pragma once

#include "models/family.h"

namespace sora {

class JsonConfig;

/// Sets `facts` to those of a causal model, with the sampling that Self-Forcing published (2506.08009): four
/// steps of the shift 5, each with fresh noise, without guidance.
void make_causal(ModelFacts& facts, const CausalFacts& causal);

/// The key "causal" of sora-gen.json: true, false, or an object such as {"block": 3, "window": 21, "sink": 0,
/// "positions": "video", "context_timestep": 0}. Throws Error (data).
void read_own_causal(ModelFacts& facts, const JsonConfig& config);

/// Whether the model's folder has a sora-gen.json with that key, which is more reliable than a name.
bool has_own_causal(const ModelFolder& folder);

}  // namespace sora
