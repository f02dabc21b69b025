// A transition between two clips: what changes at once is spread over all of its frames.
//
// Note [Even steps]
// Frames that go on from one clip stay with its picture, and a small network changes to that of the other in
// the last few of them, whatever the prompts say. Where a step is larger than the motion of the frames around
// it, what is too much is taken out of it, and the sum of all that comes in evenly, from the first new frame
// to the first of the other clip: the way of a dissolve, in which things go on moving.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace sora {

class EvenSteps {
 public:
  /// `before` [H, W, 3] in [0, 1] is seen before the first frame.
  explicit EvenSteps(const at::Tensor& before);

  /// Takes the next frame [H, W, 3]. Returns, as bytes, those that are too far from the end to be changed:
  /// the last frames alone are kept, so that memory does not grow with a long transition.
  std::vector<at::Tensor> push(const at::Tensor& frame);

  /// All that are left, as bytes, led to `after`, which is seen after them.
  std::vector<at::Tensor> end(const at::Tensor& after);

 private:
  at::Tensor before_;
  std::vector<at::Tensor> frames_;  // [H, W, 3] uint8
};

}  // namespace sora
