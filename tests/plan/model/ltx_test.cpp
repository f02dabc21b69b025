// Plans for LTX-Video: its grid, its rates, and the noise levels that depend on size or version.
#include <gtest/gtest.h>

#include <cmath>

#include "places.h"
#include "sora/error.h"
#include "sora/plan.h"

namespace sora {
namespace {

Request tiny(const char* variant) {
  Request request;
  request.model = test_data() / "ltx" / variant;
  request.prompt = "a red ball";
  request.seed = 1;
  request.device = "cpu";
  request.output = "x.mp4";
  request.res = "96x64";
  request.frames = 17;
  return request;
}

TEST(LtxPlan, HasThePublishedDefaults) {
  Request request = tiny("v090");
  request.res.reset();
  request.frames.reset();
  const Plan plan = make_plan(request);
  EXPECT_EQ(plan.picture.width, 704);
  EXPECT_EQ(plan.picture.height, 480);
  EXPECT_EQ(plan.picture.latent_width, 22);
  EXPECT_EQ(plan.picture.latent_height, 15);
  EXPECT_EQ(plan.timeline.frames, 161);
  EXPECT_EQ(plan.timeline.latent_frames, 21);
  EXPECT_EQ(plan.timeline.fps, 25);
  EXPECT_EQ(plan.sampling.steps, 50);
  EXPECT_EQ(plan.sampling.guidance, 3);
  EXPECT_EQ(plan.sampling.scheduler, "euler");
  EXPECT_TRUE(plan.sampling.even_levels);
  EXPECT_TRUE(plan.sampling.expand_timesteps);
  EXPECT_EQ(plan.model.text_rows, 128);
}

// calculate_shift() of diffusers' LTXPipeline, with the config's two points.
TEST(LtxPlan, TheShiftRisesWithTheNumberOfTokens) {
  const auto expected = [](double tokens) { return std::exp(0.95 + (tokens - 1024) * 1.1 / 3072); };
  Request request = tiny("v090");
  EXPECT_NEAR(make_plan(request).sampling.flow_shift, expected(3 * 2 * 3), 1e-12);
  request.frames = 1;
  EXPECT_NEAR(make_plan(request).sampling.flow_shift, expected(2 * 3), 1e-12);
  request.res = "704x480";
  request.frames = 161;
  EXPECT_NEAR(make_plan(request).sampling.flow_shift, expected(21 * 15 * 22), 1e-9);
  request.flow_shift = 2;
  EXPECT_EQ(make_plan(request).sampling.flow_shift, 2);
  EXPECT_EQ(make_plan(tiny("v095")).sampling.flow_shift, 1.7) << "this scheduler's shift is fixed";
}

TEST(LtxPlan, LaterModelsHaveTimestepsOfTheirOwn) {
  Request request = tiny("v097");
  request.steps = 6;
  const Plan plan = make_plan(request);
  EXPECT_EQ(plan.sampling.sigmas.size(), 6u);
  EXPECT_EQ(plan.sampling.sigmas.front(), 1);
  request.flow_shift = 3;
  EXPECT_TRUE(make_plan(request).sampling.sigmas.empty());
  request.flow_shift.reset();
  request.scheduler = "unipc";
  EXPECT_TRUE(make_plan(request).sampling.sigmas.empty());
  EXPECT_TRUE(make_plan(tiny("v095")).sampling.sigmas.empty());
}

TEST(LtxPlan, VideosAreMadeAtTheRateThatIsAskedFor) {
  Request request = tiny("v090");
  request.fps = 30;
  const Plan plan = make_plan(request);
  EXPECT_EQ(plan.timeline.model_fps, 30);
  EXPECT_EQ(plan.timeline.model_frames, 17);
  request.fps = 100;  // beyond what it knows: resampled
  EXPECT_EQ(make_plan(request).timeline.model_fps, 25);
}

TEST(LtxPlan, LengthsBetweenLatentFramesAreMadeAndCut) {
  Request request = tiny("v090");
  request.frames = 12;
  const Plan plan = make_plan(request);
  EXPECT_EQ(plan.timeline.frames, 12);
  EXPECT_EQ(plan.timeline.latent_frames, 3);
}

}  // namespace
}  // namespace sora
