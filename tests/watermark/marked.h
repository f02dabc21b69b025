// Frames to mark: a scene of edges, gradients and fine grain that moves slowly, the same in every run.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace sora::test {

struct Frame {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;

  std::ptrdiff_t stride() const { return static_cast<std::ptrdiff_t>(width) * 3; }
  std::uint8_t& at(int x, int y, int c) {
    return rgb[(static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) *
                   3 +
               static_cast<std::size_t>(c)];
  }
  std::uint8_t at(int x, int y, int c) const { return const_cast<Frame*>(this)->at(x, y, c); }
};

inline Frame blank(int width, int height, std::uint8_t grey = 0) {
  return {width, height,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3,
                                    grey)};
}

// A number from 0 to 1 that looks random.
inline double grain(int x, int y, int t) {
  auto n = static_cast<std::uint32_t>(x) * 374761393U + static_cast<std::uint32_t>(y) * 668265263U +
           static_cast<std::uint32_t>(t) * 2246822519U;
  n = (n ^ (n >> 13)) * 1274126177U;
  n = (n ^ (n >> 16)) * 2654435761U;
  return static_cast<double>(n >> 8) / (1 << 24);
}

inline Frame scene(int width, int height, int t) {
  Frame frame = blank(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = (x + 0.7 * t) / 256.0 * 40, v = (y + 0.3 * t) / 256.0 * 40;
      double grey = 110 + 30 * std::sin(u * 0.4) + 20 * std::cos(v * 0.55 + u * 0.1);
      const bool disc = std::hypot(x - width * 0.4 - t, y - height * 0.5) < height * 0.2;
      if (disc) grey += 50;
      grey += 14 * (grain(x / 3 + t / 3, y / 3, 1) - 0.5) * (v > 20 ? 1 : 0.1) + 3 * (grain(x, y, t) - 0.5);
      for (int c = 0; c < 3; ++c)
        frame.at(x, y, c) = static_cast<std::uint8_t>(std::clamp(grey + 12 * c, 0.0, 255.0));
    }
  }
  return frame;
}

// Bilinear, over the area of a new pixel where the picture becomes smaller.
inline Frame resized(const Frame& from, int width, int height) {
  Frame to = blank(width, height);
  const double across = static_cast<double>(from.width) / width,
               down = static_cast<double>(from.height) / height;
  constexpr int kSamples = 4;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        double sum = 0;
        for (int i = 0; i < kSamples * kSamples; ++i) {
          const double u =
              std::clamp((x + (i % kSamples + 0.5) / kSamples) * across - 0.5, 0.0, from.width - 1.001);
          const double v =
              std::clamp((y + (i / kSamples + 0.5) / kSamples) * down - 0.5, 0.0, from.height - 1.001);
          const int left = static_cast<int>(u), top = static_cast<int>(v);
          const double a = u - left, b = v - top;
          sum += (1 - b) * ((1 - a) * from.at(left, top, c) + a * from.at(left + 1, top, c)) +
                 b * ((1 - a) * from.at(left, top + 1, c) + a * from.at(left + 1, top + 1, c));
        }
        to.at(x, y, c) = static_cast<std::uint8_t>(std::lround(sum / (kSamples * kSamples)));
      }
    }
  }
  return to;
}

inline Frame cropped(const Frame& from, int left, int top, int width, int height) {
  Frame to = blank(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c) to.at(x, y, c) = from.at(left + x, top + y, c);
  return to;
}

inline double mean_square(const Frame& a, const Frame& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i)
    sum += std::pow(static_cast<int>(a.rgb[i]) - static_cast<int>(b.rgb[i]), 2);
  return sum / static_cast<double>(a.rgb.size());
}

}  // namespace sora::test
