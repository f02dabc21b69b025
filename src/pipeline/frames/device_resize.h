// Frames at another size on the device that made them. A CPU uses libswscale instead (media/rgb_picture.h).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace sora {

/// Lanczos with three lobes, widened where it reduces, the picture's edge repeated beyond it: libswscale's
/// filter in float, which differs from it by the rounding of its integers.
class DeviceResize {
 public:
  DeviceResize(std::int64_t height, std::int64_t width) : height_(height), width_(width) {}

  /// Bytes [n, h, w, 3] -> [n, height, width, 3], rounded to bytes. All calls have the same h and w.
  at::Tensor operator()(const at::Tensor& bytes);

 private:
  std::int64_t height_, width_;
  at::Tensor rows_, columns_;  // what each sample takes of those before: [height, h], [width, w]
};

}  // namespace sora
