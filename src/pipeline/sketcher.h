// Makes the sketch that a window begins from; see Note [Sketch] in sketch.h.
#pragma once

#include <ATen/ATen.h>

#include "pipeline/denoise.h"
#include "pipeline/known_frames.h"
#include "sampling/noise.h"

namespace sora {

class Sketcher {
 public:
  /// `plan` has a sketch.
  Sketcher(const Model& model, const Plan& plan);

  /// Of a window with `count` latent frames, [1, C, count, h, w].
  at::Tensor draw_noise(NoiseSource& source, int count) const;

  /// Where the window with this number begins: its sketch at the size of the picture, noised with `noise` to
  /// the level of the plan's first step. `hooks` see the sketch's steps.
  DenoiseState begin(std::size_t window, const Conditioning& text, const KnownFrames& known,
                     const at::Tensor& sketch_noise, const at::Tensor& noise,
                     const DenoiseHooks& hooks) const;

 private:
  const Model& model_;
  const Plan& plan_;
  Plan small_;  // the same run at the sketch's size
};

}  // namespace sora
