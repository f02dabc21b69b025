// Corrects decoded frames so that a certain frame shows a given picture exactly.
//
// Note [Arrival]
// A network that is to show a picture makes it again, with small differences in place, colour and detail. The
// difference between the picture and the network's frame is added to that frame, and fades out over the
// frames before and after it. A jump on the way there is spread in the same way over the frames before it. A
// fade is long enough to add no more to the step from frame to frame than one step of motion, as far as the
// window has so many frames.
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

  /// Begins a window; `first` is its first frame that is shown.
  void begin(std::vector<Arrival> arrivals, std::int64_t first);

  bool empty() const { return arrivals_.empty(); }
  std::int64_t last() const { return arrivals_.back().frame; }

  /// Measures the window's frames from number `first` on, [n, H, W, 3]. Call it for all of them up to last(),
  /// in order, before correct().
  void measure(const at::Tensor& pixels, std::int64_t first);

  /// The same frames, corrected.
  at::Tensor correct(const at::Tensor& pixels, std::int64_t first) const;

 private:
  struct Offset {
    std::int64_t frame;
    at::Tensor difference;  // [H, W, 3]
  };

  double length(const at::Tensor& offset, std::int64_t frames) const;

  double least_;  // frames
  std::vector<Arrival> arrivals_;
  std::vector<Offset> lacks_;  // of the measured arrivals: the picture less the frame
  std::vector<Offset> jumps_;  // the frame after the jump, and how much its step exceeds one of motion
  std::int64_t first_ = 0;
  at::Tensor before_;  // [H, W, 3], the last measured frame
  double motion_ = 0;  // sum of the measured steps
  std::int64_t steps_ = 0;
};

}  // namespace sora
