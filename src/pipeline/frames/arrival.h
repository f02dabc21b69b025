// Frames that are to show a picture: the frames around it are led there.
//
// Note [Arrival]
// A network that is led to a picture paints it again, a little off in place, colour and detail. What its
// frame lacks of the picture is added to it, and fades out over the frames before and after it. Jumps on the
// way there, above all to that frame, fade in over the frames before them. Each fade takes so many frames
// that what it adds to a step is no more than a step of motion, as far as the window has them.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace sora {

struct Arrival {
  std::int64_t frame = 0;  ///< of the window
  at::Tensor picture;      ///< [1, H, W, 3] in [0, 1]
};

class ArrivalCorrection {
 public:
  /// `fps`: of the network's frames.
  explicit ArrivalCorrection(double fps);

  /// For the window whose frames come next; `first` is the first of them that is shown.
  void begin(std::vector<Arrival> arrivals, std::int64_t first);

  bool empty() const { return arrivals_.empty(); }
  std::int64_t last() const { return arrivals_.back().frame; }

  /// The window's frames from number `first` on, [n, H, W, 3], as they are without this: all of them up to
  /// last(), in their order, before the first is corrected.
  void look(const at::Tensor& pixels, std::int64_t first);

  /// The same frames, led to the pictures.
  at::Tensor correct(const at::Tensor& pixels, std::int64_t first) const;

 private:
  struct Offset {
    std::int64_t frame;
    at::Tensor difference;  // [H, W, 3]
  };

  double length(const at::Tensor& offset, std::int64_t frames) const;

  double least_;  // frames
  std::vector<Arrival> arrivals_;
  std::vector<Offset> lacks_;  // of the arrivals that were looked at: the frame, and what it lacks
  std::vector<Offset> jumps_;  // the frame after it, and what is too much of the step
  std::int64_t first_ = 0;
  at::Tensor before_;  // [H, W, 3]
  double motion_ = 0;  // sum of the steps up to there
  std::int64_t steps_ = 0;
};

}  // namespace sora
