#include "pipeline/frames/drift.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "plan/verbs/story.h"

namespace sora {
namespace {

constexpr double kMostGain = 1.6;
constexpr double kMostShift = 0.1;      // of a mean
constexpr double kDarkest = 1.0 / 255;  // darker pixels have no measurable saturation
constexpr int kRounds = 4;
constexpr double kLeast = 1e-4;  // contrast below which nothing is corrected

// Mean over a square around each pixel; edges repeat.
at::Tensor blurred(const at::Tensor& x, std::int64_t side) {  // [n, c, H, W]
  const std::int64_t margin = side / 2;
  return at::avg_pool2d(at::replication_pad2d(x, {margin, margin, margin, margin}), {side, side}, {1, 1});
}

struct Detail {
  at::Tensor fine, middle, coarse;  // [n, 1, H, W]; with the mean they sum to the luma
  at::Tensor mean;                  // [n, 1, 1, 1]
};

at::Tensor luma_of(const at::Tensor& x) {  // [n, 3, H, W] -> [n, 1, H, W], BT.601
  return 0.299 * x.narrow(1, 0, 1) + 0.587 * x.narrow(1, 1, 1) + 0.114 * x.narrow(1, 2, 1);
}

Detail detail_of(const at::Tensor& luma) {
  const at::Tensor near = blurred(luma, 3), far = blurred(near, 9);
  Detail detail;
  detail.fine = luma - near;
  detail.middle = near - far;
  detail.mean = far.mean({2, 3}, true);
  detail.coarse = far - detail.mean;
  return detail;
}

at::Tensor rms(const at::Tensor& x) { return x.square().mean().sqrt(); }

// The gain that moves `measured` towards `wanted`; strength 1 goes all the way.
double gain(double measured, double wanted, double strength) {
  if (measured < kLeast || wanted < kLeast) return 1;
  return std::clamp(std::pow(wanted / measured, strength), 1 / kMostGain, kMostGain);
}

std::vector<double> numbers_of(const PictureStatistics& statistics) {
  return {statistics.bands[0].item<double>(), statistics.bands[1].item<double>(),
          statistics.bands[2].item<double>(), statistics.saturation};
}

}  // namespace

PictureStatistics statistics_of(const at::Tensor& pixels) {
  const at::Tensor x = pixels.permute({0, 3, 1, 2});  // [n, 3, H, W]
  const Detail detail = detail_of(luma_of(x));
  const at::Tensor highest = x.amax(1), lowest = x.amin(1);
  PictureStatistics statistics;
  statistics.colour = x.mean({0, 2, 3});
  // Together, since each number from a GPU makes the host wait.
  const at::Tensor numbers = at::stack({rms(detail.fine), rms(detail.middle), rms(detail.coarse),
                                        ((highest - lowest) / highest.clamp_min(kDarkest)).mean()})
                                 .to(at::kCPU, at::kDouble);
  statistics.bands = numbers.narrow(0, 0, 3);
  statistics.saturation = numbers[3].item<double>();
  return statistics;
}

DriftControl::DriftControl(const Plan& plan, std::int64_t temporal_scale)
    : plan_(plan), scale_(temporal_scale) {}

void DriftControl::begin(std::size_t number) {
  const Window& window = plan_.timeline.windows[number];
  learning_ = correcting_ = false;
  gains_ = shift_ = at::Tensor();
  if (plan_.timeline.drift_control <= 0) return;
  const auto shot = steady_shot(plan_, window, static_cast<int>(scale_));
  if (!plan_.inputs.shots.empty() && (!shot || shot != shot_)) {
    target_.reset();
    target_frames_ = 0;
    shot_ = shot;
    learning_ = shot.has_value();
    return;
  }
  learning_ = number == 0;
  // A window that ends in conditioning frames, such as those of a clip, takes its colours from them. Backward
  // it is corrected, as the frames that it ends with were.
  correcting_ = !learning_ && target_ && (window.conditioning_end == 0 || plan_.request.backward);
}

at::Tensor DriftControl::correct(const at::Tensor& pixels) {
  const std::int64_t n = pixels.size(0);
  if (learning_) {
    const PictureStatistics statistics = statistics_of(pixels);
    if (!target_) {
      target_ = statistics;
    } else {
      const double share = static_cast<double>(n) / static_cast<double>(target_frames_ + n);
      target_->colour = target_->colour.lerp(statistics.colour, share);
      target_->bands = target_->bands.lerp(statistics.bands, share);
      target_->saturation += share * (statistics.saturation - target_->saturation);
    }
    target_frames_ += n;
  }
  if (!correcting_) return pixels;

  const at::Tensor x = pixels.permute({0, 3, 1, 2});  // [n, 3, H, W]
  const at::Tensor luma = luma_of(x);
  const Detail detail = detail_of(luma);
  const auto with_gains = [&](const at::Tensor& each) {  // [n or 1, 4]
    const auto gain_of = [&](std::int64_t which) { return each.select(1, which).reshape({-1, 1, 1, 1}); };
    const at::Tensor corrected =
        detail.mean + gain_of(0) * detail.fine + gain_of(1) * detail.middle + gain_of(2) * detail.coarse;
    return corrected + gain_of(3) * (x - luma);
  };
  // Gains of the three bands and of saturation, found in rounds: bands overlap, so the gain of one changes
  // the others.
  const double strength = plan_.timeline.drift_control;
  const std::vector<double> measured = numbers_of(statistics_of(pixels)), target = numbers_of(*target_);
  std::vector<double> gains(measured.size(), 1), now = measured;
  at::Tensor reached;
  for (int round = 0; round < kRounds; ++round) {
    if (round > 0) now = numbers_of(statistics_of(with_gains(reached.unsqueeze(0)).permute({0, 2, 3, 1})));
    for (std::size_t i = 0; i < measured.size(); ++i) {
      const double wanted = measured[i] * gain(measured[i], target[i], strength);
      gains[i] = std::clamp(gains[i] * gain(now[i], wanted, 1), 1 / kMostGain, kMostGain);
    }
    reached = at::tensor(gains, at::kFloat).to(pixels.device());
  }
  const at::Tensor from = gains_.defined() ? gains_ : reached;
  const at::Tensor progress =
      at::arange(1, n + 1, pixels.options()).div(static_cast<double>(n)).unsqueeze(1);  // [n, 1]
  const at::Tensor result = with_gains(from + progress * (reached - from));
  gains_ = reached;
  const at::Tensor wanted =
      (strength * (target_->colour - result.mean({0, 2, 3}))).clamp(-kMostShift, kMostShift);
  const at::Tensor before = shift_.defined() ? shift_ : wanted;  // [3]
  shift_ = wanted;
  const at::Tensor shift = before + progress * (wanted - before);  // [n, 3]
  return (result + shift.reshape({n, 3, 1, 1})).clamp(0, 1).permute({0, 2, 3, 1}).contiguous();
}

}  // namespace sora
