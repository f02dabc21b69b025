// Windows of long videos, each conditioned on the last frames of the one before.
#pragma once

#include <cstdint>
#include <vector>

#include "sora/plan.h"

namespace sora {

/// Covers `latent_frames` with windows of at most `native` latent frames. The first window is all new; each
/// later one has `conditioning` frames of the window before and native - conditioning new ones. All later
/// windows have the model's native length; surplus frames of the last one are not decoded. A video of at most
/// the native length is one window of its own length.
std::vector<Window> plan_windows(int latent_frames, int native, int conditioning);

/// Frames of inputs at the ends of a video.
struct Ends {
  int start = 0;          ///< conditioning frames of the first window
  int end = 0;            ///< conditioning frames at the end of the last window
  int conditioning = 2;   ///< conditioning frames that a window takes from the one before
  bool of_clips = false;  ///< start and end are frames of clips, which the new video does not show again
};

/// Covers `latent_frames`, frames of the inputs included, with windows of at most `native`. With an
/// `ends.end` the last window ends exactly with those frames and has the native length; where few new frames
/// are left for it, it has more conditioning frames from the window before.
std::vector<Window> plan_conditioned_windows(int latent_frames, int native, const Ends& ends);

/// Covers `latent_frames` of a video that shows images at `places` (latent frames, rising). Each place is in
/// the first window or is the last frame of a window, and that window makes as many of the frames before it
/// as possible, up to native - conditioning. Counts only the conditioning frames of the start and of the
/// window before, not the images.
std::vector<Window> windows_to_places(int latent_frames, int native, const Ends& ends,
                                      const std::vector<int>& places);

/// Windows before a clip, in the order in which they are made: the one next to the clip first. Each has `end`
/// conditioning frames from what follows it; its n other latent frames are 1 + (n - 1) * scale frames. All
/// together make at least `frames`.
std::vector<Window> plan_backward_windows(std::int64_t frames, int scale, int native, int end);

}  // namespace sora
