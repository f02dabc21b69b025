// A transition between two clips: sudden changes are spread over all of its frames.
//
// Note [Even steps]
// Frames that continue one clip stay with its picture, and a small network changes to the other clip's within
// the last few of them, whatever the prompts are. Where a step from frame to frame is larger than the motion
// of the frames around it, the excess is removed. The sum of all excess is added evenly, from the first new
// frame to the first frame of the other clip: a dissolve in which things go on moving.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace sora {

class EvenSteps {
 public:
  /// `before` [H, W, 3] in [0, 1] is the frame that is shown before the first one.
  explicit EvenSteps(const at::Tensor& before);

  /// Takes the next frame [H, W, 3]. Returns frames, as bytes, that will not be changed: only the last ones
  /// are kept, so that memory does not grow with the length of the transition.
  std::vector<at::Tensor> push(const at::Tensor& frame);

  /// The remaining frames, as bytes, changed so that they lead to `after`, which is shown after them.
  std::vector<at::Tensor> end(const at::Tensor& after);

 private:
  at::Tensor before_;
  std::vector<at::Tensor> frames_;  // [H, W, 3] uint8
};

}  // namespace sora
