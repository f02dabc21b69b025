// What is held of the look of a long video.
#include "pipeline/frames/drift.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sora {
namespace {

// Waves of several lengths in colour: [n, 24, 32, 3] in [0, 1].
at::Tensor picture(std::int64_t n) {
  const at::Tensor y = at::arange(24, at::kFloat).reshape({1, 24, 1, 1});
  const at::Tensor x = at::arange(32, at::kFloat).reshape({1, 1, 32, 1});
  const at::Tensor c = at::arange(3, at::kFloat).reshape({1, 1, 1, 3});
  return (0.5 + 0.12 * at::sin(x * 2 + c) + 0.08 * at::sin((x + y) * 0.7 + 2 * c) +
          0.1 * at::sin(y * 0.2 + c))
      .expand({n, 24, 32, 3})
      .contiguous();
}

at::Tensor with_contrast(const at::Tensor& pixels, double gain, double shift = 0) {
  const at::Tensor mean = pixels.mean({1, 2, 3}, true);
  return ((pixels - mean) * gain + mean + shift).clamp(0, 1);
}

Plan two_windows(double strength) {
  Plan plan;
  plan.timeline.model_fps = 8;
  plan.timeline.fps = 8;
  plan.timeline.windows = {{0, 5, 0, 0, 0, 0}, {3, 5, 2, 2, 0, 0}, {6, 5, 2, 2, 0, 0}};
  plan.timeline.drift_control = strength;
  return plan;
}

double off(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().mean().item<double>(); }

TEST(PictureStatistics, IsOfColourSaturationAndDetail) {
  const at::Tensor grey = at::full({2, 24, 32, 3}, 0.25, at::kFloat);
  const PictureStatistics flat = statistics_of(grey);
  EXPECT_EQ(flat.saturation, 0);
  EXPECT_LT(flat.bands.max().item<double>(), 1e-6);
  EXPECT_NEAR(flat.colour[1].item<double>(), 0.25, 1e-6);
  at::Tensor red = grey.clone();
  red.select(3, 0).fill_(0.5);
  EXPECT_NEAR(statistics_of(red).saturation, 0.5, 1e-5);
  const at::Tensor fine = picture(1);
  EXPECT_NEAR(statistics_of(with_contrast(fine, 1.5)).bands[0].item<double>() /
                  statistics_of(fine).bands[0].item<double>(),
              1.5, 1e-3);
}

TEST(DriftControl, LeavesTheFirstWindowAndHoldsTheNextToItWithoutSteps) {
  const Plan plan = two_windows(1);
  DriftControl drift(plan, 4);
  const at::Tensor first = picture(17);
  drift.begin(0);
  EXPECT_TRUE(at::equal(drift.correct(first), first));
  EXPECT_FALSE(drift.changes());
  drift.begin(1);
  for (int chunk = 0; chunk < 3; ++chunk) {
    // It drifts away within the window.
    const at::Tensor later = with_contrast(picture(4), 1.1 + 0.1 * chunk, 0.02 + 0.02 * chunk);
    const at::Tensor corrected = drift.correct(later);
    EXPECT_TRUE(drift.changes());
    EXPECT_LT(off(corrected[3], first[0]), 0.25 * off(later[3], first[0])) << chunk;
    for (int i = 0; i < 4; ++i)
      EXPECT_LT(off(corrected[i], first[0]), 0.5 * off(later[i], first[0])) << chunk << ", " << i;
    for (int i = 1; i < 4; ++i)
      EXPECT_LT(off(corrected[i], corrected[i - 1]), 0.3 * off(later[i], first[0])) << chunk << ", " << i;
  }
}

TEST(DriftControl, GoesByItsStrength) {
  const at::Tensor first = picture(17), later = with_contrast(picture(12), 1.15, 0.03);
  double before = 0;
  for (const double strength : {1.0, 0.5, 0.0}) {
    const Plan plan = two_windows(strength);
    DriftControl drift(plan, 4);
    drift.begin(0);
    drift.correct(first);
    drift.begin(1);
    const at::Tensor corrected = drift.correct(later);
    if (strength == 0) {
      EXPECT_TRUE(at::equal(corrected, later));
    }
    const double left = off(corrected[11], first[0]) / off(later[11], first[0]);
    EXPECT_NEAR(left, 1 - strength, 0.2) << strength;
    EXPECT_GE(left, before);
    before = left;
  }
}

TEST(DriftControl, DoesNotPressAnotherSceneIntoTheFirst) {
  const Plan plan = two_windows(1);
  DriftControl drift(plan, 4);
  drift.begin(0);
  drift.correct(with_contrast(picture(17), 0.2));
  drift.begin(1);
  const at::Tensor other = picture(12), corrected = drift.correct(other);
  const double left = statistics_of(corrected[11].unsqueeze(0)).bands[2].item<double>() /
                      statistics_of(other[11].unsqueeze(0)).bands[2].item<double>();
  EXPECT_NEAR(left, 1 / 1.6, 0.03);
  // A picture without detail has nothing that could be held.
  const at::Tensor flat = at::full({12, 24, 32, 3}, 0.5, at::kFloat);
  drift.begin(2);
  EXPECT_TRUE(at::isfinite(drift.correct(flat)).all().item<bool>());
}

TEST(DriftControl, HoldsEachShotOfAStoryboardToItself) {
  Plan plan = two_windows(1);
  plan.timeline.windows.push_back({9, 5, 2, 2, 0, 0});
  plan.timeline.windows.push_back({12, 5, 2, 2, 0, 0});
  plan.inputs.shots = {{0, "a"}, {2.6, "b"}};  // latent frame 5, the first new one of window 1, is at 2.3 s
  plan.inputs.fade = 0.4;
  const at::Tensor first = picture(17), other = with_contrast(picture(12), 0.9, 0.1);
  DriftControl drift(plan, 4);
  drift.begin(0);
  drift.correct(first);
  drift.begin(1);
  EXPECT_TRUE(at::equal(drift.correct(other), other)) << "where one takes over from the other";
  drift.begin(2);
  EXPECT_TRUE(at::equal(drift.correct(other), other)) << "it is the look of the new shot";
  drift.begin(3);
  const at::Tensor later = with_contrast(other, 1.1), corrected = drift.correct(later);
  EXPECT_LT(off(corrected[11], other[11]), 0.2 * off(later[11], other[11]));
}

}  // namespace
}  // namespace sora
