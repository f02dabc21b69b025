// Whether a plan goes on from the kept latents of a clip (Note [Kept latents] in kept_latents.h). Reads
// headers, and the few tensors that are used, to check them; needs no tensor library.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/family.h"
#include "sora/plan.h"

namespace sora {

/// Sets plan.inputs.latents for the verbs that add to a clip, and says in a warning why latents beside a clip
/// are not used. To be called when the picture is planned, and before the windows are. Throws Error (data)
/// where the ones that --latents names cannot be used.
void plan_clip_latents(Plan& plan, const ModelFacts& model);

/// The same for the draft of finish, the video `path`; `named`: --latents.
void plan_draft_latents(Plan& draft, const std::string& path, const std::optional<std::string>& named,
                        std::vector<std::string>& warnings);

/// The first digits of the digest of latents that were gone on from; empty: frames were encoded.
std::string used_latents(const std::optional<ClipLatents>& latents);

}  // namespace sora
