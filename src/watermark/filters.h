// Filters over pictures of floats, [height, width].
#pragma once

#include <vector>

namespace sora {

/// Means over squares of 2 * radius + 1 pixels, fewer at the edges; in place.
void box_means(std::vector<float>& picture, int width, int height, int radius, std::vector<float>& scratch);

/// The least of the 3 x 3 pixels around each; in place.
void least_around(std::vector<float>& picture, int width, int height, std::vector<float>& scratch);

}  // namespace sora
