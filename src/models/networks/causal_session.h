// The interface of a causal denoiser: it makes a video block by block.
//
// Note [Causal denoisers]
// The attention of a causal network sees the block of latent frames that is being denoised and the frames
// before it, never later ones. So what the network computed of earlier frames does not change, and their keys
// and values are kept: a block costs the same wherever in the video it is. predict() may be called any number
// of times for the next frames, with other latents and timesteps, as the noise levels fall; commit() passes
// the finished frames through the network once more, and keeps the keys and values of that pass.
//
// At most CausalWindow::frames are seen. When there are more, the oldest are forgotten, except for the first
// `sink` frames of the video. Positions in time are counted from the start of the video, where keys are kept
// after their rotation; or they are places in the window, where keys are kept as they are before it.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "models/networks/denoiser.h"

namespace sora {

struct CausalWindow {
  std::int64_t frames = 0;        ///< latent frames that attention sees at most, those of the block included
  std::int64_t sink = 0;          ///< how many of these are the video's first ones, which stay
  bool window_positions = false;  ///< positions of frames are places in the window, not in the video
  std::int64_t video =
      0;  ///< latent frames of the video, at most: a short one needs less memory; 0: not known
};

/// The keys and values of one video, and the network that they come from.
class CausalSession {
 public:
  virtual ~CausalSession() = default;

  /// The flow of the next frames, latents [1, C, n, h, w] at `timestep` in [0, 1000]: attention sees them and
  /// the frames before them. Returns [1, C, n, h, w] in the network's type.
  virtual at::Tensor predict(const at::Tensor& latents, double timestep, const PreparedText& text) = 0;

  /// Keeps the keys and values of the next frames, which are finished: latents [1, C, n, h, w], passed
  /// through the network at `timestep`.
  virtual void commit(const at::Tensor& latents, double timestep, const PreparedText& text) = 0;

  /// Forgets all frames but those of the sink. The next ones are those from number `first` of the video on,
  /// which is not beyond what was committed; of the sink's frames, those before number `valid` stay as they
  /// are, and are not computed again.
  virtual void restart(std::int64_t first, std::int64_t valid) = 0;
};

}  // namespace sora
