#include "pipeline/frames/seam_smoothing.h"

#include <algorithm>

#include "pipeline/frames/frames.h"

namespace sora {
namespace {

constexpr double kSeconds = 0.6;
constexpr double kLeastFrames = 5;
constexpr double kStill = 2;         // times the median difference: where it is far above, something moves
constexpr double kMostStill = 0.08;  // of the range: a larger difference always counts as motion

at::Tensor size_of(const at::Tensor& difference) {  // [1, H, W, 3] -> [1, H, W, 1], over 3 x 3 pixels
  const at::Tensor size = difference.abs().mean(3).unsqueeze(1);
  return at::avg_pool2d(size, {3, 3}, {1, 1}, {1, 1}, false, false).squeeze(1).unsqueeze(3);
}

double mean_of(const at::Tensor& values) { return values.abs().mean().item<double>(); }

}  // namespace

SeamSmoothing::SeamSmoothing(double fps) : length_(std::max(kLeastFrames, kSeconds * fps)) {}

void SeamSmoothing::begin(const at::Tensor& last, const at::Tensor& first_frames, double usual) {
  difference_ = at::Tensor();
  since_ = 0;
  if (first_frames.size(0) < 2) return;  // nothing to compare the step with
  const at::Tensor step = first_frames.narrow(0, 0, 1) - last;
  const double excess = mean_of(step) - std::min(usual, step_of(first_frames));
  if (excess <= 0) return;
  const at::Tensor size = size_of(step);
  const double still = std::min(kStill * size.median().item<double>(), kMostStill);
  if (still <= 0) return;
  const at::Tensor small = step * at::exp(-(size / still).pow(4));
  const double most = mean_of(small);
  if (most > 0) difference_ = small * std::min(1.0, excess / most);
}

at::Tensor SeamSmoothing::smooth(const at::Tensor& pixels) {
  changed_ = difference_.defined();
  if (!changed_) return pixels;
  at::Tensor smoothed = pixels.clone();
  for (std::int64_t i = 0; i < smoothed.size(0); ++i, ++since_) {
    smoothed[i].sub_(difference_[0], fade(static_cast<double>(since_), length_)).clamp_(0, 1);
  }
  if (static_cast<double>(since_) >= length_) difference_ = at::Tensor();
  return smoothed;
}

}  // namespace sora
