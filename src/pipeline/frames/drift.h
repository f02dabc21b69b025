// Long videos drift: each window goes on from what the one before made of its own work, and what is a little
// too sharp, too pale or too dark after one is far off after forty.
//
// Note [Drift]
// What is held is what the eye sees: mean colour, saturation, and the contrast of the picture in three bands
// of detail, each as it was in the first window (in a storyboard, in the first window of the shot). It is
// measured on each decoded chunk as it comes, so that decoding still streams, and corrected in the pixels,
// before they are written and before the next window is held to them. Gains go from one chunk's to the next's
// over its frames; a window's first chunk takes its own at once, since what is held is the look of what comes
// out, on both sides of a seam. A network goes back to its own look within a few frames: a correction that
// grew over the window, from nothing, left half of the drift. Gains are limited (kMostGain), so that another
// scene is not pressed into the first.
//
// And where a network has a timestep for each token, a later window sees the video's first latent frame, an
// anchor, in the place of the first of those that it is held to (Window::anchored): it has the place of a
// first frame, alone in its latent, as the network knows it from the start of a clip. The frames that come
// after it in the window say how things move. Before anything is decoded the true frame is put back.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "sora/plan.h"

namespace sora {

/// The look of frames; means over all of them.
struct PictureStatistics {
  at::Tensor colour;      ///< [3] mean of red, green, blue
  at::Tensor bands;       ///< [3] root mean square of luma in fine, middle and coarse detail
  double saturation = 0;  ///< mean of (max - min) / max, as in HSV
};

/// Of pixels [n, H, W, 3] in [0, 1].
PictureStatistics statistics_of(const at::Tensor& pixels);

class DriftControl {
 public:
  /// `temporal_scale`: frames a latent frame.
  DriftControl(const Plan& plan, std::int64_t temporal_scale);

  /// The frames that come next are shown by the window with this number.
  void begin(std::size_t window);

  /// The next frames [n, H, W, 3] in [0, 1], as they are, or held to the look of the first window.
  at::Tensor correct(const at::Tensor& pixels);

  /// Whether what correct() was given last was changed.
  bool changes() const { return correcting_; }

 private:
  const Plan& plan_;
  std::int64_t scale_;
  std::optional<PictureStatistics> target_;
  std::int64_t learnt_ = 0;          // frames that the target is the mean of
  std::optional<std::size_t> shot_;  // whose look it is
  bool learning_ = false, correcting_ = false;
  at::Tensor gains_, shift_;  // [4] and [3]: of the window's last frame; undefined: it has none yet
};

}  // namespace sora
