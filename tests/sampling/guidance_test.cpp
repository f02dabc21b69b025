#include "sampling/guidance.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace sora {
namespace {

TEST(Guidance, IsActiveOnlyAboveOneAndByTheFirstScaleAlone) {
  EXPECT_FALSE((Guidance{.scale = 1}).active());
  EXPECT_FALSE((Guidance{.scale = 0.5, .scale_2 = 4}).active());
  EXPECT_TRUE((Guidance{.scale = 1.01, .scale_2 = 1}).active());
}

TEST(Guidance, WithoutABoundaryOneNetworkMakesEveryStep) {
  const Guidance g{.scale = 5, .scale_2 = 3};
  for (const double t : {999.0, 500.0, 0.0}) {
    EXPECT_EQ(g.expert(t), 0);
    EXPECT_EQ(g.scale_at(t), 5);
  }
}

TEST(Guidance, TheBoundaryTimestepBelongsToTheFirstExpert) {
  const Guidance g{.scale = 4, .scale_2 = 3, .boundary_ratio = 0.875};
  EXPECT_EQ(g.expert(999), 0);
  EXPECT_EQ(g.expert(875), 0);
  EXPECT_EQ(g.expert(874), 1);
  EXPECT_EQ(g.scale_at(875), 4);
  EXPECT_EQ(g.scale_at(874), 3);
}

TEST(Guidance, TheBoundaryIsAShareOfTheTrainingTimesteps) {
  const Guidance g{.boundary_ratio = 0.9, .num_train_timesteps = 500};
  EXPECT_EQ(g.expert(450), 0);
  EXPECT_EQ(g.expert(449), 1);
}

TEST(Guidance, ComparesWithTheBoundaryInFloat32) {
  // 1000 * ratio is 900.0000000000001 in float64: PyTorch rounds it to 900 before it compares.
  const Guidance g{.boundary_ratio = std::nextafter(0.9, 1.0)};
  ASSERT_GT(*g.boundary_ratio * 1000, 900);
  EXPECT_EQ(g.expert(900), 0);
}

TEST(Guidance, GoesFromTheUnconditionalPastTheConditionalPrediction) {
  const at::Tensor cond = at::tensor({1.0F, -2.0F, 0.5F}), uncond = at::tensor({0.0F, 2.0F, 0.5F});
  EXPECT_TRUE(at::equal(guided(cond, uncond, 3), at::tensor({3.0F, -10.0F, 0.5F})));
}

TEST(Guidance, RoundsInTheOrderOfDiffusers) {
  // uncond + g (cond - uncond) keeps nothing of a small cond beside a large uncond; g cond + (1 - g) uncond
  // would.
  const at::Tensor cond = at::tensor({1.0F}), uncond = at::tensor({1e8F});
  EXPECT_EQ(guided(cond, uncond, 2).item<float>(), -1e8F);
}

TEST(Guidance, IsCombinedInFullPrecision) {
  const at::Tensor cond = at::full({2}, 1.0078125).to(at::kBFloat16), uncond = at::ones({2}, at::kBFloat16);
  EXPECT_EQ(guided(cond, uncond, 1.3).scalar_type(), at::kFloat);
  EXPECT_NEAR(guided(cond, uncond, 1.3)[0].item<double>(), 1.01015625, 1e-6);
}

TEST(Guidance, ThatOscillatesPausesInEveryOtherStepFromTheEleventhOn) {
  for (const int step : {0, 1, 9, 10, 12, 48}) EXPECT_FALSE(guidance_pauses(step)) << step;
  for (const int step : {11, 13, 49}) EXPECT_TRUE(guidance_pauses(step)) << step;
}

TEST(Guidance, TowardsAnImageRisesAlongTheFramesAndFallsWithTheSteps) {
  EXPECT_TRUE(at::allclose(image_scales(3, 0, 50, 3), at::tensor({1.0F, 2.0F, 3.0F})));
  EXPECT_TRUE(at::allclose(image_scales(3, 25, 50, 3), at::tensor({1.0F, 1.5F, 2.0F})));
  EXPECT_TRUE(at::allclose(image_scales(3, 49, 50, 1), at::tensor({1.0F})));
}

TEST(Guidance, TowardsAnImageIsAddedToThatTowardsThePrompt) {
  const at::Tensor cond = at::rand({1, 2, 3, 2, 2}), uncond = at::rand_like(cond),
                   unseen = at::rand_like(cond);
  const at::Tensor scales = at::tensor({1.0F, 2.0F, 3.0F});
  const at::Tensor all = unseen + scales.view({1, 1, 3, 1, 1}) * (uncond - unseen) + 7.5 * (cond - uncond);
  EXPECT_TRUE(
      at::allclose(guided_to_image(guided(cond, uncond, 7.5), uncond, unseen, scales), all, 1e-5, 1e-5));
}

}  // namespace
}  // namespace sora
