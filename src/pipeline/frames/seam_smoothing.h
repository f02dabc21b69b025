// The first new frames after given ones: what stands still goes over into the network's hand, not at once.
//
// Note [Smoothing a seam]
// A network paints a scene again from frames that it is held to: the first frame of its own has the same
// things in the same places, in a little more or less detail, everywhere. That is no motion, and over a whole
// picture it is more than a step of motion: with the default model the first new frame was twice as far from
// the given one as new frames are from each other. So small differences between the two are taken back at
// first and come over half a second. Large ones are things that move, which would leave ghosts: they stay.
// Nothing is done where the first step is no larger than those that follow it, and those of the clip before.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <limits>

namespace sora {

class SeamSmoothing {
 public:
  /// `fps`: of the network's frames.
  explicit SeamSmoothing(double fps);

  /// `last` [1, H, W, 3] is seen before `fresh` [n, H, W, 3], the network's first own frames, in [0, 1].
  /// `usual`: the step of motion before, where it is known.
  void begin(const at::Tensor& last, const at::Tensor& fresh,
             double usual = std::numeric_limits<double>::infinity());

  /// The next frames from there on [n, H, W, 3], as they are or nearer to those before.
  at::Tensor smooth(const at::Tensor& pixels);

  /// Whether what smooth() was given last was changed.
  bool changes() const { return changed_; }

 private:
  double length_;           // frames
  at::Tensor difference_;   // [1, H, W, 3], that is still to come
  std::int64_t since_ = 0;  // frames after begin()
  bool changed_ = false;
};

}  // namespace sora
