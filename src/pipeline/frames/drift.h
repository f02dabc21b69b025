// Long videos drift: each window continues from frames of the window before, and a picture that is a little
// too sharp, too pale or too dark after one window is far off after forty.
//
// Note [Drift]
// Drift control keeps the statistics that a viewer notices near those of the first window (in a storyboard,
// of the first window of the shot): mean colour, saturation, and contrast in three bands of detail. They are
// measured on each decoded chunk, so that decoding still streams. The pixels are corrected before they are
// written, and before the next window is conditioned on them. Within a chunk the gains change gradually from
// those of the chunk before; the first chunk of a window uses its own gains at once, since statistics should
// be equal on both sides of a seam. (A network returns to its own colours and contrast within a few frames of
// a window: a correction that grew over the window left half of the drift.) Gains are limited (kMostGain), so
// that a new scene is not forced to look like the first.
//
// In addition, where a network has a timestep for each token, later windows use an anchor (Window::anchored):
// the video's first latent frame replaces the first conditioning frame. It stands where the network knows the
// first frame of a clip, alone in its latent frame; the conditioning frames after it show how things move.
// Before decoding, the replaced frame is put back.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "sora/plan.h"

namespace sora {

/// Means over all pixels of some frames.
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

  /// The next frames belong to the window with this number.
  void begin(std::size_t window);

  /// Takes the next frames [n, H, W, 3] in [0, 1] and returns them, corrected towards the first window if
  /// needed.
  at::Tensor correct(const at::Tensor& pixels);

  /// Whether the last call of correct() changed its frames.
  bool changes() const { return correcting_; }

 private:
  const Plan& plan_;
  std::int64_t scale_;
  std::optional<PictureStatistics> target_;
  std::int64_t target_frames_ = 0;   // number of frames in the mean of target_
  std::optional<std::size_t> shot_;  // the shot of target_
  bool learning_ = false, correcting_ = false;
  at::Tensor gains_, shift_;  // [4] and [3]: of the window's last frame; undefined: no frame yet
};

}  // namespace sora
