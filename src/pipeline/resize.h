// Frames of the network at another size.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace sora {

/// Frames [1, 3, n, H, W] in [-1, 1] -> [1, 3, n, height, width]: smaller by the mean of what a pixel covers,
/// larger by a bicubic filter.
at::Tensor resized(const at::Tensor& frames, std::int64_t height, std::int64_t width);

}  // namespace sora
