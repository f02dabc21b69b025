// --preset: the settings of few-step models, and which option has priority.
#include "plan/model/preset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "models/family.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ModelFacts published() {
  ModelFacts facts;
  facts.family = &family_named("Wan");
  facts.is_published = true;
  facts.steps = 40;
  facts.guidance = 4;
  facts.guidance_2 = 3;
  facts.flow_shift = 12;
  facts.scheduler = "unipc";
  return facts;
}

SamplingDefaults defaults(Plan& plan, const ModelFacts& facts) { return sampling_defaults(plan, facts); }

TEST(Preset, FastIsWhatFewStepModelsWerePublishedWith) {
  Plan plan;
  plan.request.preset = "fast";
  const SamplingDefaults fast = defaults(plan, published());
  EXPECT_EQ(plan.sampling.preset, "fast");
  EXPECT_EQ(fast.steps, 4);
  EXPECT_EQ(fast.guidance, 1);
  EXPECT_EQ(fast.guidance_2, 1);
  EXPECT_EQ(fast.flow_shift, 5);
  EXPECT_EQ(fast.scheduler, "euler");
  EXPECT_THAT(plan.notes, ElementsAre());
}

TEST(Preset, ANameTurnsItOnAndTheNoteSaysHowToTurnItOff) {
  Plan plan;
  plan.request.lora = {"/loras/wan_style.safetensors", "/loras/x_lightx2v_8step_lora.safetensors:0.8"};
  EXPECT_EQ(defaults(plan, published()).steps, 8);
  EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("--preset none")));

  ModelFacts distilled = published();
  distilled.few_step = family_named("Wan").find_few_step({"/models/Wan2.1-T2V-14B-StepDistill-CfgDistill"});
  Plan by_model;
  EXPECT_EQ(defaults(by_model, distilled).guidance, 1);
  EXPECT_EQ(by_model.sampling.preset, "fast");

  by_model.request.preset = "none";
  EXPECT_EQ(defaults(by_model, distilled).steps, 40);
  EXPECT_EQ(by_model.sampling.preset, "none");
}

TEST(Preset, AModelThatIsNotPublishedKeepsItsOwnScheduler) {
  ModelFacts facts = published();
  facts.is_published = false;
  Plan plan;
  plan.request.preset = "fast";
  const SamplingDefaults fast = defaults(plan, facts);
  EXPECT_EQ(fast.steps, 8);
  EXPECT_EQ(fast.guidance, 1);
  EXPECT_EQ(fast.flow_shift, 12);
  EXPECT_EQ(fast.scheduler, "unipc");
}

TEST(Preset, ExplicitOptionsWinAndOthersAreRefused) {
  Request request;
  request.model = std::string(SORA_TEST_DATA) + "/pipeline/wan21";
  request.prompt = "a red ball";
  request.device = "cpu";
  request.output = "x.mp4";
  request.res = "64x48";
  request.preset = "fast";
  request.steps = 3;
  request.guidance = 2;
  const Plan plan = make_plan(request);
  EXPECT_EQ(plan.sampling.steps, 3);
  EXPECT_EQ(plan.sampling.guidance, 2);
  EXPECT_EQ(plan.sampling.guidance_2, 2);
  EXPECT_THAT(plan_text(plan), HasSubstr("preset fast"));
  request.preset = "quick";
  EXPECT_THROW(make_plan(request), Error);
}

// A whole folder under a telling name: the plan of a model that was distilled.
TEST(Preset, AFolderOfADistilledModelIsToldByItsName) {
  const TemporaryFolder temporary;
  const fs::path folder = temporary / "model-4steps";
  fs::copy(fs::path(SORA_TEST_DATA) / "pipeline/wan21", folder, fs::copy_options::recursive);
  Request request;
  request.model = folder.string();
  request.prompt = "a red ball";
  request.device = "cpu";
  request.output = "x.mp4";
  request.res = "64x48";
  EXPECT_EQ(make_plan(request).sampling.preset, "fast");
  EXPECT_EQ(make_plan(request).sampling.guidance, 1);
  request.preset = "none";
  EXPECT_GT(make_plan(request).sampling.guidance, 1);
}

}  // namespace
}  // namespace sora
