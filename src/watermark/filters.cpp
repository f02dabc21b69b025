#include "watermark/filters.h"

#include <algorithm>
#include <cstddef>

namespace sora {
namespace {

std::size_t at(int y, int width) { return static_cast<std::size_t>(y) * static_cast<std::size_t>(width); }

void row_means(const float* in, float* out, int width, int radius) {
  double sum = 0;
  for (int x = 0; x < std::min(radius, width); ++x) sum += in[x];
  const double whole = 1.0 / (2 * radius + 1);
  int x = 0;
  const auto at_an_edge = [&](int end) {
    for (; x < end; ++x) {
      if (x + radius < width) sum += in[x + radius];
      if (x - radius > 0) sum -= in[x - radius - 1];
      const int count = std::min(x + radius, width - 1) - std::max(x - radius, 0) + 1;
      out[x] = static_cast<float>(sum / count);
    }
  };
  at_an_edge(std::min(radius + 1, width));
  for (; x + radius < width; ++x) {
    sum += static_cast<double>(in[x + radius]) - static_cast<double>(in[x - radius - 1]);
    out[x] = static_cast<float>(sum * whole);
  }
  at_an_edge(width);
}

}  // namespace

void box_means(std::vector<float>& picture, int width, int height, int radius, std::vector<float>& scratch) {
  scratch.resize(picture.size());
  for (int y = 0; y < height; ++y) row_means(&picture[at(y, width)], &scratch[at(y, width)], width, radius);
  std::vector<double> sums(static_cast<std::size_t>(width));
  const auto add = [&](int y, double sign) {
    const float* row = &scratch[at(y, width)];
    for (std::size_t x = 0; x < sums.size(); ++x) sums[x] += sign * static_cast<double>(row[x]);
  };
  for (int y = 0; y < std::min(radius, height); ++y) add(y, 1);
  for (int y = 0; y < height; ++y) {
    if (y + radius < height) add(y + radius, 1);
    if (y - radius > 0) add(y - radius - 1, -1);
    const double share = 1.0 / (std::min(y + radius, height - 1) - std::max(y - radius, 0) + 1);
    float* row = &picture[at(y, width)];
    for (std::size_t x = 0; x < sums.size(); ++x) row[x] = static_cast<float>(sums[x] * share);
  }
}

void least_around(std::vector<float>& picture, int width, int height, std::vector<float>& scratch) {
  scratch.resize(picture.size());
  for (int y = 0; y < height; ++y) {
    const float* in = &picture[at(y, width)];
    float* out = &scratch[at(y, width)];
    for (int x = 0; x < width; ++x)
      out[x] = std::min({in[std::max(x - 1, 0)], in[x], in[std::min(x + 1, width - 1)]});
  }
  for (int y = 0; y < height; ++y) {
    const float* above = &scratch[at(std::max(y - 1, 0), width)];
    const float* here = &scratch[at(y, width)];
    const float* below = &scratch[at(std::min(y + 1, height - 1), width)];
    float* out = &picture[at(y, width)];
    for (int x = 0; x < width; ++x) out[x] = std::min({above[x], here[x], below[x]});
  }
}

}  // namespace sora
