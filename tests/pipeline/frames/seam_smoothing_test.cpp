// The first frames after conditioning frames: still parts change gradually, moving parts are not smoothed.
#include "pipeline/frames/seam_smoothing.h"

#include <gtest/gtest.h>

#include <vector>

namespace sora {
namespace {

constexpr std::int64_t kHeight = 40, kWidth = 56;

// A picture with a white square of 10 pixels at x, and `more` detail everywhere: [1, H, W, 3].
at::Tensor picture(std::int64_t x, double more) {
  const at::Tensor waves = at::sin(at::arange(kWidth, at::kFloat) * 1.9).reshape({1, 1, kWidth, 1});
  at::Tensor picture = (0.4 + more * waves).expand({1, kHeight, kWidth, 3}).clone();
  picture.narrow(1, 15, 10).narrow(2, x, 10).fill_(0.95);
  return picture;
}

// The square moves by a pixel in each frame, and the network draws the rest slightly differently.
at::Tensor frames_from(std::int64_t x, std::int64_t n, double more) {
  std::vector<at::Tensor> frames;
  for (std::int64_t i = 0; i < n; ++i) frames.push_back(picture(x + i, more));
  return at::cat(frames);
}

double step(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().mean().item<double>(); }
at::Tensor frame(const at::Tensor& frames, std::int64_t i) { return frames.narrow(0, i, 1); }

TEST(SeamSmoothing, TakesTheJumpOutOfTheFirstStepAndSpreadsItOverHalfASecond) {
  const at::Tensor last = picture(10, 0.03), made = frames_from(11, 12, 0.06);
  const double usual = step(frame(made, 1), frame(made, 0)), jump = step(frame(made, 0), last);
  ASSERT_GT(jump, 4 * usual);
  SeamSmoothing smoothing(8);
  smoothing.begin(last, made.narrow(0, 0, 4));
  const at::Tensor smoothed =
      at::cat({smoothing.smooth(made.narrow(0, 0, 4)), smoothing.smooth(made.narrow(0, 4, 4))});
  EXPECT_LT(step(frame(smoothed, 0), last), 1.4 * usual);
  for (std::int64_t i = 1; i < smoothed.size(0); ++i) {
    EXPECT_LT(step(frame(smoothed, i), frame(smoothed, i - 1)), jump / 2) << i;
  }
  EXPECT_TRUE(at::equal(smoothed.narrow(0, 5, 3), made.narrow(0, 5, 3)));  // 0.6 s are 5 frames
  const at::Tensor rest = made.narrow(0, 8, 4);
  EXPECT_TRUE(at::equal(smoothing.smooth(rest), rest));
  EXPECT_FALSE(smoothing.changes());
}

TEST(SeamSmoothing, LeavesNoGhostOfWhatMoves) {
  const at::Tensor last = picture(10, 0.03), made = frames_from(16, 4, 0.06);  // a large first step
  SeamSmoothing smoothing(8);
  smoothing.begin(last, made);
  const at::Tensor smoothed = smoothing.smooth(made);
  ASSERT_TRUE(smoothing.changes());
  // Where the square was and where it is now, away from the borders of both.
  for (const std::int64_t x : {11, 22}) {
    const auto part = [&](const at::Tensor& frames) {
      return frame(frames, 0).narrow(1, 17, 6).narrow(2, x, 3);
    };
    EXPECT_LT((part(smoothed) - part(made)).abs().max().item<double>(), 0.01) << x;
  }
}

TEST(SeamSmoothing, LeavesFramesAloneWhoseFirstStepIsLikeTheOthers) {
  const at::Tensor last = picture(10, 0.03), made = frames_from(11, 4, 0.03);
  SeamSmoothing smoothing(8);
  smoothing.begin(last, made);
  EXPECT_TRUE(at::equal(smoothing.smooth(made), made));
  EXPECT_FALSE(smoothing.changes());
}

TEST(SeamSmoothing, ComparesWithTheClipsOwnStepWhereThatIsKnown) {
  const at::Tensor last = picture(10, 0.03);
  // The network's view of a clip that stands still shimmers.
  const at::Tensor shimmer =
      at::cat({picture(10, 0.04), picture(10, 0.03), picture(10, 0.04), picture(10, 0.03)});
  SeamSmoothing smoothing(8);
  smoothing.begin(last, shimmer);
  EXPECT_TRUE(at::equal(smoothing.smooth(shimmer), shimmer)) << "the first step is like the others";
  smoothing.begin(last, shimmer, 0.0001);
  EXPECT_LT(step(frame(smoothing.smooth(shimmer), 0), last), 0.5 * step(frame(shimmer, 0), last));
}

TEST(SeamSmoothing, DoesNotHideACut) {
  const at::Tensor last = picture(10, 0.03), made = 1 - frames_from(11, 4, 0.03);
  SeamSmoothing smoothing(8);
  smoothing.begin(last, made);
  EXPECT_LT((smoothing.smooth(made) - made).abs().mean().item<double>(), 0.02);
}

TEST(SeamSmoothing, HasNothingToCompareALoneFrameWith) {
  const at::Tensor last = picture(10, 0.03), made = frames_from(11, 1, 0.06);
  SeamSmoothing smoothing(8);
  smoothing.begin(last, made);
  EXPECT_TRUE(at::equal(smoothing.smooth(made), made));
}

}  // namespace
}  // namespace sora
