// What a plan for a model of AnyFlow says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "anyflow_model.h"
#include "error_of.h"
#include "sora/plan.h"
#include "temporary_folder.h"

namespace sora {
namespace {

class AnyFlowPlan : public testing::Test {
 protected:
  AnyFlowPlan() {
    request_.model = test::write_anyflow_model(folder_ / "model").string();
    request_.prompt = "waves";
    request_.device = "cpu";
    request_.output = (folder_ / "x.mp4").string();
  }

  const TemporaryFolder folder_;
  Request request_;
};

TEST_F(AnyFlowPlan, HasFourStepsWithoutGuidance) {
  const Plan plan = make_plan(request_);
  EXPECT_EQ(plan.sampling.steps, 4);
  EXPECT_EQ(plan.sampling.guidance, 1);
  EXPECT_EQ(plan.sampling.scheduler, "euler");
  EXPECT_EQ(plan.sampling.flow_shift, 5);
  EXPECT_TRUE(plan.sampling.even_levels && plan.sampling.expand_timesteps);
  EXPECT_EQ(plan.timeline.frames, 81);
  EXPECT_EQ(plan.timeline.fps, 16);
}

TEST_F(AnyFlowPlan, HasAsManyStepsAndAsMuchGuidanceAsAskedFor) {
  request_.guidance = 3;
  for (const int steps : {1, 7, 50}) {
    request_.steps = steps;
    const Plan plan = make_plan(request_);
    EXPECT_EQ(plan.sampling.steps, steps);
    EXPECT_EQ(plan.sampling.guidance, 3);
    EXPECT_TRUE(plan.sampling.even_levels);
  }
}

// Other solvers take the prediction for the flow at a point, which it is not.
TEST_F(AnyFlowPlan, RefusesOtherSchedulers) {
  for (const char* name : {"unipc", "dpm++", "lcm"}) {
    request_.scheduler = name;
    test::expect_error([&] { make_plan(request_); }, ErrorKind::usage,
                       "--scheduler " + std::string(name) + ": expected euler");
  }
}

}  // namespace
}  // namespace sora
