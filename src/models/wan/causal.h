// Wan models that make a video block by block: Self-Forcing, Causal Forcing, LongLive. Their weights are
// those of Wan 2.1 under the same names, so the classes in their configs show them, or else their names.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "models/family.h"

namespace sora::wan {

/// By the name of a file or folder ("self_forcing_dmd", "SFWan2.1-T2V-1.3B-Diffusers", "LongLive-1.3B");
/// empty: it is not one. Models of lightx2v were distilled in the same way, but see all frames.
std::optional<CausalFacts> causal_by_name(const std::string& name);

/// By the class of the pipeline, that of the transformer, or the names of its file and folder. Throws Error
/// (data) where it is a causal model of a kind that is not supported.
std::optional<CausalFacts> find_causal(const ModelFacts& facts);

}  // namespace sora::wan
