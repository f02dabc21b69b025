// Plans of causal models: blocks, what they take, and what is refused before any work.
#include "plan/model/causal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "error_of.h"
#include "places.h"
#include "plan/metadata.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::HasSubstr;
using testing::Not;

class CausalPlan : public testing::Test {
 protected:
  CausalPlan() {
    fs::copy(test_data() / "pipeline/wan21", folder_ / "model", fs::copy_options::recursive);
    std::ofstream(folder_ / "model/sora-gen.json")
        << R"({"native_frames": 33, "fps": 8, "causal": {"window": 9, "sink": 1}})";
    request_.model = (folder_ / "model").string();
    request_.prompt = "a lake";
    request_.res = "64x64";
    request_.device = "cpu";
  }

  std::string refusal() {
    const Error error = test::thrown_by([&] { (void)make_plan(request_); });
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(std::string(error.what()), Not(HasSubstr("\n")));
    return error.what();
  }
  std::string refusal_of(const std::string& verb) {
    request_.verb = verb;
    return refusal();
  }

  const TemporaryFolder folder_;
  Request request_;
};

TEST_F(CausalPlan, AVideoIsBlocksAndTheLastOneIsWhole) {
  request_.frames = 30;  // 9 latent frames
  const Plan plan = make_plan(request_);
  EXPECT_EQ(plan.timeline.windows.size(), 3U);
  request_.frames = 34;
  const Plan longer = make_plan(request_);
  ASSERT_EQ(longer.timeline.windows.size(), 4U);
  EXPECT_EQ(longer.timeline.latent_frames, 12);
  for (const Window& window : longer.timeline.windows) {
    EXPECT_EQ(window.count, 3);
    EXPECT_EQ(window.conditioning, 0);
  }
  EXPECT_EQ(longer.timeline.drift_control, 0);
  EXPECT_EQ(longer.sampling.steps, 4);
  EXPECT_EQ(longer.sampling.guidance, 1);
  EXPECT_EQ(longer.sampling.scheduler, "lcm");
  EXPECT_THAT(plan_text(longer),
              HasSubstr("attention causal, in blocks of 3 latent frames, each sees the last 9, "
                        "of which the video's first 1 stay"));
  EXPECT_THAT(plan_text(longer), Not(HasSubstr("windows, each conditioned")));
}

TEST_F(CausalPlan, ItsMemoryIsFlatInTheLengthOfTheFilmAndHasTheCacheInIt) {
  request_.frames = 100;
  const Plan minute = make_plan(request_);
  request_.frames = 10000;
  const Plan hour = make_plan(request_);
  EXPECT_EQ(minute.machine.peak_memory_gb, hour.machine.peak_memory_gb);
  request_.attention_window = 3000;
  const Plan wide = make_plan(request_);
  // 2 layers, keys and values, 2500 latent frames of 16 tokens of 40 numbers.
  EXPECT_GT(wide.machine.peak_memory_gb - hour.machine.peak_memory_gb,
            2 * 2 * 2400 * 16 * 40 * 4 / 1e9 * 0.9);
}

TEST_F(CausalPlan, TheWindowAndTheSinkAreOptionsAndStandInTheFile) {
  request_.attention_window = 12;
  request_.attention_sink = 3;
  const Plan plan = make_plan(request_);
  EXPECT_EQ(plan.sampling.causal.window, 12);
  EXPECT_EQ(plan.sampling.causal.sink, 3);
  EXPECT_THAT(metadata_json(plan), HasSubstr("\"attention_window\":12,\"attention_sink\":3"));
  request_.attention_window = 5;
  EXPECT_THAT(refusal(), HasSubstr("a block of 3 with a sink of 3 (--attention-sink) is 6"));
  request_.attention_window = 2;
  EXPECT_THAT(refusal(), HasSubstr("--attention-window 2: expected 3 to"));
  request_.attention_window = 12;
  request_.attention_sink = -1;
  EXPECT_THAT(refusal(), HasSubstr("--attention-sink -1"));
}

TEST_F(CausalPlan, OtherModelsDoNotTakeThem) {
  request_.model = (test_data() / "pipeline/wan21").string();
  request_.attention_sink = 0;
  EXPECT_THAT(refusal(), HasSubstr("--attention-sink means nothing to this model"));
}

TEST_F(CausalPlan, WhatNeedsTheEndBeforeTheBeginningIsRefused) {
  const auto causal = HasSubstr("block by block, from its beginning on (it is causal), and cannot");
  request_.refine = true;
  EXPECT_THAT(refusal(), HasSubstr("--refine"));
  request_.refine = false;
  EXPECT_THAT(refusal_of("loop"), causal);
  request_.input = "clip.mp4";
  for (const char* verb : {"loop", "connect", "remix"}) EXPECT_THAT(refusal_of(verb), causal) << verb;
  request_.backward = true;
  EXPECT_THAT(refusal_of("extend"), HasSubstr("before a clip (--backward)"));
  request_.backward = false;
  request_.input.reset();
  request_.image = "a.png";
  request_.last_image = "b.png";
  EXPECT_THAT(refusal_of("animate"), HasSubstr("--last-image"));
  request_.last_image.reset();
  request_.image.reset();
  request_.prompt.clear();
  request_.shot = {"0:00 a lake", "0:02 a storm"};
  request_.fade = 1;
  EXPECT_THAT(refusal_of("storyboard"), HasSubstr("--fade"));
  request_.fade.reset();
  request_.shot_image = {"0:02 a.png"};
  EXPECT_THAT(refusal_of("storyboard"), HasSubstr("--shot-image"));
}

TEST_F(CausalPlan, GuidanceIsRefused) {
  request_.guidance = 3;
  EXPECT_THAT(refusal(), HasSubstr("is causal, and made for none"));
}

TEST_F(CausalPlan, PromptsOfAStoryboardChangeWithABlock) {
  request_.verb = "storyboard";
  request_.prompt.clear();
  request_.shot = {"0:00 a lake", "0:02 a storm"};
  const Plan plan = make_plan(request_);
  EXPECT_EQ(plan.inputs.fade, 0);
}

TEST_F(CausalPlan, LiveFilmsAreMadeOfItsBlocks) {
  request_.verb = "live";
  request_.output = "film.mp4";
  EXPECT_THAT(plan_text(make_plan(request_)),
              HasSubstr("made block by block: 1.12 s at first, then 1.5 s each"));
}

}  // namespace
}  // namespace sora
