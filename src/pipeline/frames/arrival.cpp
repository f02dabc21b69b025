#include "pipeline/frames/arrival.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "pipeline/frames/frames.h"

namespace sora {
namespace {

constexpr double kSeconds = 0.6;
constexpr double kLeastFrames = 5;
constexpr double kJump = 1.5;  // a larger step, in mean steps before it, is a jump
constexpr std::int64_t kKnownSteps = 3;
constexpr double kLeastMotion = 1.0 / 255;

double mean_of(const at::Tensor& x) { return x.abs().mean().item<double>(); }

}  // namespace

ArrivalCorrection::ArrivalCorrection(double fps) : least_(std::max(kLeastFrames, kSeconds * fps)) {}

void ArrivalCorrection::begin(std::vector<Arrival> arrivals, std::int64_t first) {
  arrivals_ = std::move(arrivals);
  lacks_.clear();
  jumps_.clear();
  first_ = first;
  before_ = at::Tensor();
  motion_ = 0;
  steps_ = 0;
}

void ArrivalCorrection::measure(const at::Tensor& pixels, std::int64_t first) {
  for (std::int64_t i = 0; i < pixels.size(0); ++i) {
    const at::Tensor frame = pixels[i];
    const bool under_way = lacks_.size() < arrivals_.size();
    const bool arrives = under_way && arrivals_[lacks_.size()].frame == first + i;
    double step = before_.defined() ? mean_of(frame - before_) : 0;
    const double usual = steps_ > 0 ? motion_ / static_cast<double>(steps_) : step;
    const double most = arrives ? usual : steps_ >= kKnownSteps ? kJump * usual : step;
    if (under_way && first + i > first_ && step > most) {
      jumps_.push_back({first + i, (frame - before_) * (1 - usual / step)});
      step = usual;
    }
    if (arrives)
      lacks_.push_back({first + i, arrivals_[lacks_.size()].picture[0].to(frame.device()) - frame});
    if (before_.defined()) {
      motion_ += step;
      ++steps_;
    }
    before_ = frame.clone();
  }
}

// The largest step of a fade over n frames is pi / 2 / n of the offset.
double ArrivalCorrection::length(const at::Tensor& offset, std::int64_t frames) const {
  const double motion = std::max(kLeastMotion, steps_ > 0 ? motion_ / static_cast<double>(steps_) : 0);
  const double wanted = std::max(least_, mean_of(offset) * std::numbers::pi / 2 / motion);
  return std::min(wanted, static_cast<double>(std::max<std::int64_t>(frames, 1)));
}

at::Tensor ArrivalCorrection::correct(const at::Tensor& pixels, std::int64_t first) const {
  if (lacks_.empty()) return pixels;
  at::Tensor result = pixels.clone();
  const auto add = [&](const Offset& offset, std::int64_t whole, std::int64_t begin, std::int64_t end) {
    const double frames = length(offset.difference, whole - begin + 1);
    for (std::int64_t i = 0; i < pixels.size(0); ++i) {
      if (first + i < begin || first + i > end) continue;
      result[i].add_(offset.difference, fade(std::abs(static_cast<double>(whole - first - i)), frames));
    }
  };
  for (const Offset& jump : jumps_) add(jump, jump.frame - 1, first_, jump.frame - 1);
  std::int64_t begin = first_;
  for (const Offset& lack : lacks_) {
    add(lack, lack.frame, begin, std::numeric_limits<std::int64_t>::max());
    begin = lack.frame + 1;
  }
  return result.clamp_(0, 1);
}

}  // namespace sora
