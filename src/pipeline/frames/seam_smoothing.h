// Smooths the first new frames after conditioning frames: where nothing moves, the picture changes gradually.
//
// Note [Smoothing a seam]
// A network redraws the scene of its conditioning frames: its first new frame has the same things in the same
// places, but everywhere in a little more or less detail. Over a whole picture this difference is larger than
// a step of motion: with the default model the first new frame was twice as far from the last conditioning
// frame as new frames are from each other. So small differences are subtracted at first, and let in over half
// a second. Large differences are things that move; subtracting those would leave ghosts, so they are kept.
// Nothing is changed where the first step is not larger than the steps after it and those of the clip before.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <limits>

namespace sora {

class SeamSmoothing {
 public:
  /// `fps`: of the network's frames.
  explicit SeamSmoothing(double fps);

  /// `last` [1, H, W, 3] is seen before `first_frames` [n, H, W, 3], the network's first own frames, in [0,
  /// 1]. `usual`: the step of motion before, where it is known.
  void begin(const at::Tensor& last, const at::Tensor& first_frames,
             double usual = std::numeric_limits<double>::infinity());

  /// Takes the following frames [n, H, W, 3], beginning with first_frames, and returns them smoothed.
  at::Tensor smooth(const at::Tensor& pixels);

  /// Whether the last call of smooth() changed its frames.
  bool changes() const { return changed_; }

 private:
  double length_;           // frames
  at::Tensor difference_;   // [1, H, W, 3], subtracted and fading
  std::int64_t since_ = 0;  // frames after begin()
  bool changed_ = false;
};

}  // namespace sora
