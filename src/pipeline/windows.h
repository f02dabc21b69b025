// Long videos: windows over the latents, each held to the end of the one before.
#pragma once

#include <vector>

#include "sora/plan.h"

namespace sora {

/// Covers `latent_frames` with windows of at most `native` latent frames. The first is all new; each
/// later one holds `held` frames of what was made before and brings native - held new ones. All later
/// windows have the native length that the model knows; what the last one makes too much is not decoded.
/// A video that fits the native length is one window of just its length.
std::vector<Window> plan_windows(int latent_frames, int native, int held);

}  // namespace sora
