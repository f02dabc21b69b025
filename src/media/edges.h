// The edges of a picture, as control videos show them.
#pragma once

#include "media/rgb_picture.h"

namespace sora {

/// Canny's edges, white on black, with the numbers of OpenCV's Canny(picture, low, high): gradients by Sobel
/// of 3 x 3, of each pixel's strongest colour, their size |x| + |y|; thin lines where this is largest across
/// the edge and over `low`, as far as they are connected to a point over `high`.
RgbPicture edges_of(const RgbPicture& picture, int low = 100, int high = 200);

}  // namespace sora
