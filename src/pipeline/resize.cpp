#include "pipeline/resize.h"

namespace sora {

at::Tensor resized(const at::Tensor& frames, std::int64_t height, std::int64_t width) {
  const at::Tensor pictures = frames.squeeze(0).transpose(0, 1).to(at::kFloat);  // [n, 3, H, W]
  const bool smaller = height < frames.size(3);
  const at::Tensor made = smaller ? at::_upsample_bilinear2d_aa(pictures, {height, width}, false)
                                  : at::upsample_bicubic2d(pictures, {height, width}, false);
  return made.clamp(-1, 1).transpose(0, 1).unsqueeze(0).to(frames.scalar_type()).contiguous();
}

}  // namespace sora
