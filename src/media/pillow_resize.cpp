#include "media/pillow_resize.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sora {
namespace {

// Weights are fixed-point integers with 22 fractional bits: 32, less 8 for the pixel, less 2 because negative
// lobes let the sum overshoot.
constexpr int kBits = 22;

double sinc(double x) { return x == 0 ? 1 : std::sin(x * std::numbers::pi) / (x * std::numbers::pi); }

double support(PillowFilter filter) {
  switch (filter) {
    case PillowFilter::lanczos:
      return 3;
    case PillowFilter::bicubic:
      return 2;
    case PillowFilter::box:
      return 0.5;
    case PillowFilter::bilinear:
    case PillowFilter::hamming:
      return 1;
  }
  return 1;
}

double weight(PillowFilter filter, double x) {
  const double distance = std::abs(x);
  switch (filter) {
    case PillowFilter::lanczos:
      return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    case PillowFilter::bilinear:
      return std::max(0.0, 1 - distance);
    case PillowFilter::bicubic: {
      constexpr double a = -0.5;  // Keys
      if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
      return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * a : 0;
    }
    case PillowFilter::box:
      return x > -0.5 && x <= 0.5 ? 1 : 0;
    case PillowFilter::hamming:
      return distance < 1 ? sinc(distance) * (0.54 + 0.46 * std::cos(std::numbers::pi * distance)) : 0;
  }
  return 0;
}

// The input of one output pixel: `weights` of the input pixels from `first` on.
struct Taps {
  int first = 0;
  std::vector<std::int32_t> weights;
};

std::vector<Taps> taps(int from, int to, PillowFilter filter) {
  const double scale = static_cast<double>(from) / to;
  const double widened = std::max(scale, 1.0);
  const double reach = support(filter) * widened;
  std::vector<Taps> result(static_cast<std::size_t>(to));
  std::vector<double> exact;
  for (int i = 0; i < to; ++i) {
    const double center = (i + 0.5) * scale;
    // NOLINTBEGIN(bugprone-incorrect-roundings): so does Pillow
    const int first = std::max(0, static_cast<int>(center - reach + 0.5));
    const int end = std::min(from, static_cast<int>(center + reach + 0.5));
    // NOLINTEND(bugprone-incorrect-roundings)
    exact.clear();
    double sum = 0;
    for (int j = first; j < end; ++j) {
      // A product with the reciprocal, as Pillow has it: a quotient would round elsewhere.
      exact.push_back(weight(filter, (j - center + 0.5) * (1 / widened)));
      sum += exact.back();
    }
    Taps& taps = result[static_cast<std::size_t>(i)];
    taps.first = first;
    for (double value : exact) {
      if (sum != 0) value /= sum;
      const double scaled = value * (1 << kBits);
      taps.weights.push_back(static_cast<std::int32_t>(value < 0 ? scaled - 0.5 : scaled + 0.5));
    }
  }
  return result;
}

std::uint8_t rounded(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp(sum >> kBits, 0, 255)); }

constexpr std::int32_t kHalf = 1 << (kBits - 1);

RgbPicture across(const RgbPicture& picture, int width, PillowFilter filter) {
  const auto columns = taps(picture.width, width, filter);
  RgbPicture result{width, picture.height, {}};
  result.rgb.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(picture.height) * 3);
  for (int y = 0; y < picture.height; ++y) {
    const std::uint8_t* row = &picture.rgb[static_cast<std::size_t>(y) * picture.width * 3];
    for (const Taps& column : columns) {
      std::int32_t sum[3] = {kHalf, kHalf, kHalf};
      const std::uint8_t* pixel = row + static_cast<std::ptrdiff_t>(column.first) * 3;
      for (const std::int32_t w : column.weights) {
        for (int c = 0; c < 3; ++c) sum[c] += *pixel++ * w;
      }
      for (const std::int32_t s : sum) result.rgb.push_back(rounded(s));
    }
  }
  return result;
}

RgbPicture down(const RgbPicture& picture, int height, PillowFilter filter) {
  const std::size_t row = static_cast<std::size_t>(picture.width) * 3;
  RgbPicture result{picture.width, height, {}};
  result.rgb.reserve(row * static_cast<std::size_t>(height));
  std::vector<std::int32_t> sums(row);
  for (const Taps& line : taps(picture.height, height, filter)) {
    std::fill(sums.begin(), sums.end(), kHalf);
    const std::uint8_t* from = &picture.rgb[static_cast<std::size_t>(line.first) * row];
    for (const std::int32_t w : line.weights) {
      for (std::size_t x = 0; x < row; ++x) sums[x] += from[x] * w;
      from += row;
    }
    for (const std::int32_t sum : sums) result.rgb.push_back(rounded(sum));
  }
  return result;
}

}  // namespace

RgbPicture pillow_resized(const RgbPicture& picture, int width, int height, PillowFilter filter) {
  if (width == picture.width && height == picture.height) return picture;
  if (width == picture.width) return down(picture, height, filter);
  if (height == picture.height) return across(picture, width, filter);
  // The order of the passes shows in the rounding between them. Since version 13 Pillow begins with the
  // columns where they shrink far more than the rows; found by comparing some hundred sizes.
  const bool columns_first = height < picture.height && picture.height - height > 2 * (picture.width - width);
  return columns_first ? across(down(picture, height, filter), width, filter)
                       : down(across(picture, width, filter), height, filter);
}

}  // namespace sora
