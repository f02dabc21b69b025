// The difference between frames.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "media/read/video_reader.h"

namespace sora {

/// The mean of the differences, in levels of 8 bits.
inline double difference(const VideoFrame& a, const VideoFrame& b) {
  EXPECT_EQ(a.rgb.size(), b.rgb.size());
  double sum = 0;
  for (std::size_t i = 0; i < std::min(a.rgb.size(), b.rgb.size()); ++i)
    sum += std::abs(int{a.rgb[i]} - int{b.rgb[i]});
  return sum / static_cast<double>(a.rgb.size());
}

}  // namespace sora
