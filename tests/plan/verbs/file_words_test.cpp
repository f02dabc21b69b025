// What a file that was made from clips says about the words of its beginning and its end.
#include "plan/verbs/file_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "plan/metadata.h"
#include "plan/verbs/transition.h"

namespace sora {
namespace {

using nlohmann::json;
using testing::ElementsAre;

InputFacts clip(const json& parameters) {
  InputFacts facts;
  facts.fps = 8;
  facts.steady_rate = true;
  facts.frames = 16;
  if (!parameters.is_null()) facts.parameters = parameters.dump();
  return facts;
}

InputFacts clip_of(const std::string& prompt) {
  return clip({{"generator", "sora-gen 0"}, {"prompt", prompt}});
}

// Two seconds of each clip and three new ones.
Plan plan_for(const std::string& verb, const InputFacts& first, const InputFacts& second = {}) {
  Plan plan;
  plan.request.verb = verb;
  plan.request.seed = 1;
  plan.request.input = "a.mp4";
  plan.inputs.video = first;
  if (verb == "connect") {
    plan.request.input_2 = "b.mp4";
    plan.inputs.video_2 = second;
  }
  plan.timeline.fps = 8;
  plan.timeline.frames = 24;
  return plan;
}

Plan transition(const InputFacts& first, const InputFacts& second) {
  Plan plan = plan_for("connect", first, second);
  plan_transition(plan, words_of_file(first, "a").last, words_of_file(second, "b").first);
  return plan;
}

json recorded(const Plan& plan) { return json::parse(metadata_json(plan)); }

FileWords words_of(const Plan& plan) { return words_of_file(clip(recorded(plan)), "made.mp4"); }

TEST(FileWords, ATransitionBeginsWithThoseOfTheFirstClipAndEndsWithThoseOfTheSecond) {
  Plan plan = transition(clip_of("a forest"), clip_of("snow"));
  EXPECT_THAT(recorded(plan)["shots"], ElementsAre("0:00 a forest", "0:05 snow"));
  EXPECT_FALSE(recorded(plan).contains("prompt"));
  EXPECT_EQ(words_of(plan).first, "a forest");
  EXPECT_EQ(words_of(plan).last, "snow");
  plan.request.only_new = true;
  EXPECT_THAT(recorded(plan)["shots"], ElementsAre("0:00 a forest", "0:03 snow"));
}

TEST(FileWords, AClipThatDoesNotSayHasNone) {
  const Plan plan = transition(clip_of("a forest"), clip({}));
  EXPECT_THAT(recorded(plan)["shots"], ElementsAre("0:00 a forest", "0:05 "));
  EXPECT_EQ(words_of(plan).first, "a forest");
  EXPECT_EQ(words_of(plan).last, "");
}

TEST(FileWords, APromptOfItsOwnStandsBetweenThoseOfTheClips) {
  Plan plan = plan_for("connect", clip_of("a forest"), clip_of("snow"));
  plan.request.prompt = "a storm";
  EXPECT_THAT(recorded(plan)["shots"], ElementsAre("0:00 a forest", "0:02 a storm", "0:05 snow"));
  EXPECT_EQ(recorded(plan)["prompt"], "a storm") << "for rerun";
  EXPECT_EQ(words_of(plan).last, "snow");
  plan.request.only_new = true;
  EXPECT_FALSE(recorded(plan).contains("shots")) << "the prompt says it all";
}

TEST(FileWords, AConnectedClipCanBeConnectedAndExtendedAgain) {
  const InputFacts connected = clip(recorded(transition(clip_of("a forest"), clip_of("snow"))));
  const Plan plan = transition(connected, clip_of("the sea"));
  EXPECT_EQ(words_of(plan).first, "a forest");
  EXPECT_EQ(words_of(plan).last, "the sea");
  Plan longer = plan_for("extend", connected);
  longer.request.prompt = "snow";
  EXPECT_THAT(recorded(longer)["shots"], ElementsAre("0:00 a forest", "0:02 snow"));
  EXPECT_EQ(recorded(longer)["prompt"], "snow");
  longer.request.backward = true;
  longer.request.prompt = "a forest";
  EXPECT_THAT(recorded(longer)["shots"], ElementsAre("0:00 a forest", "0:05 snow"));
}

TEST(FileWords, OnePromptForAllIsRecordedAsOne) {
  Plan plan = plan_for("extend", clip_of("a forest"));
  plan.request.prompt = "a forest";
  EXPECT_FALSE(recorded(plan).contains("shots"));
  plan = plan_for("extend", clip({}));
  plan.request.prompt = "a forest";
  EXPECT_FALSE(recorded(plan).contains("shots")) << "the clip does not say its own";
  EXPECT_EQ(words_of(plan).first, "a forest");
}

TEST(FileWords, ShotsThatAreNoShotsAreNoWords) {
  const json odd[] = {json::array({"a forest", 7}), "0:00 a", json::array(),
                      json::array({"0:00 a", "later"})};
  for (const json& shots : odd) {
    const InputFacts facts = clip({{"generator", "sora-gen 0"}, {"shots", shots}});
    EXPECT_EQ(words_of_file(facts, "odd.mp4").last, "") << shots;
  }
}

}  // namespace
}  // namespace sora
