// Long videos: windows over the latents, each held to the end of the one before.
#pragma once

#include <cstdint>
#include <vector>

#include "sora/plan.h"

namespace sora {

/// Covers `latent_frames` with windows of at most `native` latent frames. The first is all new; each
/// later one holds `held` frames of what was made before and brings native - held new ones. All later
/// windows have the native length that the model knows; what the last one makes too much is not decoded.
/// A video that fits the native length is one window of just its length.
std::vector<Window> plan_windows(int latent_frames, int native, int conditioning);

/// What is known of a video before it is made.
struct Ends {
  int start = 0;            ///< leading latent frames that are given
  int end = 0;              ///< trailing ones
  int conditioning = 2;     ///< that a window takes from the one before
  bool are_others = false;  ///< what is given belongs to other clips and is not shown again
};

/// Covers `latent_frames`, given ones included, with windows of at most `native`. With a given end the last
/// window ends exactly there, has the native length, and two latent frames or more to get there; it holds
/// more of what was made before where there is less to make.
std::vector<Window> plan_conditioned_windows(int latent_frames, int native, const Ends& ends);

/// Covers `latent_frames` so that each of `places`, rising latent frames that are given, can be led to: it is
/// in the first window, or a window ends with it that makes as many frames on the way there as there are, up
/// to native - held. Sets no held frames but those of the start and of the window before.
std::vector<Window> windows_to_places(int latent_frames, int native, const Ends& ends,
                                      const std::vector<int>& places);

/// Before a clip: windows in the order of their making, the one next to the clip first. Each holds `end`
/// latent frames of what follows it and brings 1 + (n - 1) * scale frames with the n others, in all at least
/// `frames`.
std::vector<Window> plan_backward_windows(std::int64_t frames, int scale, int native, int end);

}  // namespace sora
