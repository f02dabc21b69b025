// --cache, --guidance-range and --sigmas in plans: what they mean, where they are refused, and that a file
// says them.
#include "plan/model/step_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/file.h"
#include "models/family.h"
#include "error_of.h"
#include "places.h"
#include "plan/metadata.h"
#include "plan/model/guidance_range.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Request request_for(const fs::path& model) {
  Request request;
  request.model = model.string();
  request.prompt = "a red balloon";
  request.device = "cpu";
  request.output = "x.mp4";
  request.res = "64x48";
  return request;
}

const fs::path kWan = test_data() / "pipeline/wan21";

std::string refusal(const Request& request) {
  try {
    (void)make_plan(request);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return {};
}

// A copy of the tiny model with this sora-gen.json.
Request with_facts(const TemporaryFolder& folder, const std::string& facts) {
  const fs::path copy = folder / "model";
  fs::copy(kWan, copy, fs::copy_options::recursive);
  std::ofstream(copy / "sora-gen.json") << facts;
  return request_for(copy);
}

TEST(StepCachePlan, IsOffUnlessAskedFor) {
  EXPECT_EQ(make_plan(request_for(kWan)).sampling.cache.method, "");
  Request request = request_for(kWan);
  request.cache = "off";
  EXPECT_THAT(plan_text(make_plan(request)), Not(HasSubstr("cache ")));
}

TEST(StepCachePlan, SaysTheThresholdAndWhatIsExpected) {
  Request request = request_for(kWan);
  request.steps = 50;
  request.cache = "easy";
  EXPECT_THAT(plan_text(make_plan(request)), HasSubstr("cache     easy, threshold 0.05: about "));
  EXPECT_THAT(plan_text(make_plan(request)), HasSubstr("the first 10 and the last always"));
  request.cache = "block:0.08";
  const Plan plan = make_plan(request);
  EXPECT_EQ(plan.sampling.cache.method, "first-block");
  EXPECT_EQ(plan.sampling.cache.threshold, 0.08);
  EXPECT_THAT(plan_json(plan), HasSubstr(R"("method": "first-block")"));
  EXPECT_THAT(metadata_json(plan), HasSubstr(R"("cache":"first-block:0.08")"));
}

TEST(StepCachePlan, HasTheThresholdOfTheModel) {
  const TemporaryFolder folder;
  Request request = with_facts(folder, R"({"easy_threshold": 0.11})");
  request.steps = 50;
  request.cache = "easy";
  EXPECT_EQ(make_plan(request).sampling.cache.threshold, 0.11);
  request.cache = "easy:0.07";
  EXPECT_EQ(make_plan(request).sampling.cache.threshold, 0.07);
  const TemporaryFolder other;
  const Request bad = with_facts(other, R"({"easy_threshold": 0})");
  test::expect_error([&] { (void)make_plan(bad); }, ErrorKind::data, "easy_threshold");
}

TEST(StepCachePlan, StaysOffWhereItHurts) {
  Request request = request_for(kWan);
  request.cache = "easy";
  request.steps = 4;
  const Plan plan = make_plan(request);
  EXPECT_EQ(plan.sampling.cache.method, "");
  EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr("--cache easy has no effect: each of 4 steps")));
  EXPECT_THAT(metadata_json(plan), Not(HasSubstr("cache")));
  request.steps = 20;
  request.preset = "fast";
  EXPECT_THAT(make_plan(request).warnings, ElementsAre(HasSubstr("few-step models need")));
  const Request shipped = [] {
    Request request = request_for(source_folder() / "models/default");
    request.cache = "first-block";
    return request;
  }();
  EXPECT_THAT(make_plan(shipped).warnings, ElementsAre(HasSubstr("has no effect")));
}

TEST(StepCachePlan, RefusesWhatItDoesNotKnow) {
  Request request = request_for(kWan);
  for (const char* text : {"tea", "easy:", "easy:0", "easy:-1", "easy:x", "easy:11", "off:0.1", ""}) {
    request.cache = text;
    EXPECT_THAT(refusal(request), HasSubstr("expected off, easy, mag or first-block")) << text;
  }
}

TEST(StepCachePlan, MagNeedsRatiosOfTheModel) {
  Request request = request_for(kWan);
  request.cache = "mag";
  EXPECT_THAT(refusal(request), HasSubstr("use --cache easy or first-block"));
  const TemporaryFolder folder;
  request = with_facts(folder, R"({"mag_ratios": [1, 1.01, 1, 0.99, 0.99, 0.98, 0.97, 0.95, 0.9, 0.8]})");
  request.cache = "mag";
  request.steps = 40;
  const Plan plan = make_plan(request);
  EXPECT_EQ(plan.sampling.cache.threshold, 0.12);
  EXPECT_GT(plan.sampling.cache.computed, 8);
  EXPECT_LT(plan.sampling.cache.computed, 40);
  EXPECT_THAT(plan_text(plan),
              HasSubstr("mag, threshold 0.12: " + std::to_string(plan.sampling.cache.computed) + " of 40"));
}

TEST(StepCachePlan, NeedsMemory) {
  Request request = request_for(kWan);
  request.steps = 20;
  const auto denoise = [](const Plan& plan) {
    for (const PhaseMemory& phase : plan.machine.memory) {
      if (phase.phase == "denoise") return phase.ram;
    }
    return 0.0;
  };
  const double without = denoise(make_plan(request));
  for (const char* method : {"easy", "first-block"}) {
    request.cache = method;
    EXPECT_GT(denoise(make_plan(request)), without);
  }
}

TEST(GuidanceRange, IsAShareOfTheSteps) {
  Request request = request_for(kWan);
  request.steps = 20;
  request.guidance = 4;
  request.guidance_range = "0:0.6";
  Plan plan = make_plan(request);
  EXPECT_EQ(guided_steps(plan.sampling), 12);
  EXPECT_THAT(plan_text(plan), HasSubstr("guidance 4 in steps 1 to 12"));
  EXPECT_THAT(metadata_json(plan), HasSubstr(R"("guidance_range":"0:0.6")"));
  request.guidance_range = "0.25:";
  plan = make_plan(request);
  EXPECT_EQ(plan.sampling.guidance_begin, 5);
  EXPECT_EQ(guided_steps(plan.sampling), 15);
  request.guidance_range = "0:0.01";
  EXPECT_THAT(make_plan(request).warnings, ElementsAre(HasSubstr("none of the 20 steps")));
  request.guidance = 1;
  EXPECT_THAT(make_plan(request).warnings, ElementsAre(HasSubstr("no effect: guidance is off")));
  for (const char* text : {"1:12", "0.6", "0.6:0.2", "0.5:0.5", "-1:1", "a:b", "0:1.1", ""}) {
    request.guidance_range = text;
    EXPECT_THAT(refusal(request), HasSubstr("two shares of the steps")) << text;
  }
}

TEST(NoiseLevels, AreListedAsLevelsOrTimesteps) {
  Request request = request_for(kWan);
  request.sigmas = "1, 0.75 0.5";
  Plan plan = make_plan(request);
  EXPECT_THAT(plan.sampling.sigmas, ElementsAre(1, 0.75, 0.5));
  EXPECT_EQ(plan.sampling.steps, 3);
  EXPECT_THAT(plan_text(plan), HasSubstr("noise levels 1,0.75,0.5"));
  EXPECT_THAT(metadata_json(plan), HasSubstr(R"("sigmas":"1,0.75,0.5")"));
  EXPECT_THAT(metadata_json(plan), Not(HasSubstr("flow_shift")));
  request.sigmas = "[1000, 750, 500, 0]";
  EXPECT_EQ(make_plan(request).sampling.sigmas, plan.sampling.sigmas);
  request.steps = 3;
  EXPECT_THAT(make_plan(request).warnings, IsEmpty());
  request.steps = 4;
  EXPECT_THAT(refusal(request), HasSubstr("as many steps as levels"));
  request.steps.reset();
  request.flow_shift = 5;
  EXPECT_THAT(make_plan(request).warnings, ElementsAre(HasSubstr("--flow-shift has no effect")));
}

TEST(NoiseLevels, ThatDoNotFallAreRefused) {
  Request request = request_for(kWan);
  for (const char* text : {"", "0", "0.5,0.5", "0.5,0.6", "1,-0.5", "1,x", "1e9,5,nan", "1,0.5,0,0"}) {
    request.sigmas = text;
    EXPECT_THAT(refusal(request), HasSubstr("expected")) << text;
  }
}

TEST(NoiseLevels, OfAModelAreUsedUnlessTheRequestSaysOtherwise) {
  const TemporaryFolder folder;
  Request request =
      with_facts(folder, R"({"timesteps": [1000, 757, 522], "scheduler": "lcm", "guidance_scale": 1})");
  const Plan plan = make_plan(request);
  EXPECT_THAT(plan.sampling.sigmas, ElementsAre(1, 0.757, 0.522));
  EXPECT_EQ(plan.sampling.steps, 3);
  EXPECT_EQ(plan.sampling.scheduler, "lcm");
  request.steps = 6;
  EXPECT_THAT(make_plan(request).sampling.sigmas, IsEmpty());
  EXPECT_EQ(make_plan(request).sampling.steps, 6);
}

TEST(NoiseLevels, OfASchedulerConfigAreUsed) {
  const TemporaryFolder folder;
  Request request = with_facts(folder, "{}");
  const fs::path config = fs::path(request.model) / "scheduler/scheduler_config.json";
  std::ofstream(config) << R"({"_class_name": "FlowMatchLCMScheduler", "shift": 8, "sigmas": [1, 0.9, 0.4]})";
  const Plan plan = make_plan(request);
  EXPECT_THAT(plan.sampling.sigmas, ElementsAre(1, 0.9, 0.4));
  EXPECT_EQ(plan.sampling.scheduler, "lcm");
  EXPECT_EQ(plan.sampling.steps, 3);
}

TEST(NoiseLevels, OfFastWanFollowFromItsNameOrItsPipeline) {
  const Family& wan = family_named("Wan");
  for (const auto& [name, shift] : {std::pair("FastWan2.1-T2V-1.3B-Diffusers", 8.0),
                                    std::pair("FastWan2.2-TI2V-5B-FullAttn-Diffusers", 5.0)}) {
    const auto found = wan.find_few_step({name});
    ASSERT_TRUE(found.has_value()) << name;
    EXPECT_THAT(found->settings.timesteps, ElementsAre(1000, 757, 522));
    EXPECT_EQ(found->settings.steps, 3);
    EXPECT_EQ(found->settings.flow_shift, shift);
    EXPECT_EQ(found->settings.scheduler, "lcm");
  }
  const TemporaryFolder folder;
  const Request request = with_facts(folder, "{}");
  const fs::path index = fs::path(request.model) / "model_index.json";
  std::string text = read_text(index, "test");
  text.replace(text.find("WanPipeline"), std::string("WanPipeline").size(), "WanDMDPipeline");
  std::ofstream(index) << text;
  const ModelFacts facts = read_model(request.model);
  ASSERT_TRUE(facts.few_step.has_value());
  EXPECT_THAT(facts.few_step->settings.timesteps, ElementsAre(1000, 757, 522));
}

}  // namespace
}  // namespace sora
