// Live films in plans: their log, and what they take.
#include "plan/verbs/live.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "places.h"
#include "plan/metadata.h"
#include "sora/error.h"

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Request live_request() {
  Request request;
  request.verb = "live";
  request.model = (test_data() / "pipeline/ti2v").string();
  request.prompt = "a lake";
  request.res = "64x64";
  request.device = "cpu";
  request.output = "film.mp4";
  return request;
}

std::string refusal(const Request& request) {
  try {
    (void)make_plan(request);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return {};
}

TEST(LivePlan, IsAtMostAnHourLongAndSaysHowLongABlockIs) {
  const Plan plan = make_plan(live_request());
  EXPECT_NEAR(static_cast<double>(plan.timeline.frames) / plan.timeline.fps, 3600, 1);
  EXPECT_THAT(plan_text(plan), HasSubstr("made block by block"));
  EXPECT_THAT(plan_text(plan), Not(HasSubstr("windows, each conditioned")));
  EXPECT_THAT(plan_text(plan), HasSubstr("prompt    \"a lake\""));
}

TEST(LivePlan, CountsTheFramesThatAFileWaitsFor) {
  Request request = live_request();
  request.res = "512x512";
  request.output = "film.mp4";
  const Plan file = make_plan(request);
  request.output = "-";
  request.format = "mp4";
  const Plan stream = make_plan(request);
  const auto decode = [](const Plan& plan) { return plan.machine.memory.back().ram; };
  double latents = 0;
  for (const Window& window : file.timeline.windows) latents = std::max<double>(latents, window.count);
  const double pixels = static_cast<double>(file.picture.model_width) * file.picture.model_height;
  EXPECT_NEAR(decode(file) - decode(stream), latents * 4 * pixels * 3 * 4 / 1e9, 1e-6);
}

TEST(LivePlan, RefusesWhatNeedsAKnownLengthOrAnotherContainer) {
  Request request = live_request();
  request.output = "film.mkv";
  EXPECT_THAT(refusal(request), HasSubstr("only .mp4 and .mov"));
  request = live_request();
  request.contact_sheet = "sheet.png";
  EXPECT_THAT(refusal(request), HasSubstr("--contact-sheet means nothing to live"));
  request = live_request();
  request.keep_latents = true;
  EXPECT_THAT(refusal(request), HasSubstr("--keep-latents means nothing to live"));
  request = live_request();
  request.shot = {"0:00 a lake"};
  EXPECT_THAT(refusal(request), HasSubstr("--shot means nothing to live"));
  request = live_request();
  request.verb = "generate";
  request.live_log = {"1 a storm"};
  EXPECT_THAT(refusal(request), HasSubstr("--live-log means nothing to generate"));
}

TEST(LivePlan, RefusesALogThatIsNone) {
  Request request = live_request();
  for (const char* line : {"", "a storm", "-1 a storm", "1", "1 ", "0 !undo", "1 !dance", "1 !seed x",
                           "1 !seed", "99999999999999 a storm"}) {
    request.live_log = {line};
    EXPECT_THAT(refusal(request), HasSubstr("--live-log")) << line;
  }
}

TEST(LiveLog, IsReplayedTurnByTurn) {
  LiveDirector director =
      replay({"1 a storm", "1 !seed 7", "2 !undo", "1 a calm sea", "3 !back", "3 a lake"});
  EXPECT_EQ(director(0, 0).prompt, "");
  LiveTurn turn = director(1, 5);
  EXPECT_EQ(turn.prompt, "a storm");
  EXPECT_EQ(turn.seed, 7U);
  EXPECT_TRUE(director(2, 9).undo);
  turn = director(1, 5);
  EXPECT_EQ(turn.prompt, "a calm sea");
  EXPECT_FALSE(turn.seed.has_value());
  EXPECT_EQ(director(2, 9).prompt, "");
  EXPECT_TRUE(director(3, 13).back);
  EXPECT_EQ(director(3, 13).prompt, "a lake");
  EXPECT_EQ(director(4, 17).prompt, "");
}

TEST(LiveLog, OfATurnReadsBackAsTheTurn) {
  LiveTurn turn;
  turn.prompt = "a storm";
  turn.seed = 12345678901234567890U;
  EXPECT_THAT(lines_of_turn(4, turn), ElementsAre("4 !seed 12345678901234567890", "4 a storm"));
  const LiveTurn again = replay(lines_of_turn(4, turn))(4, 0);
  EXPECT_EQ(again.prompt, turn.prompt);
  EXPECT_EQ(again.seed, turn.seed);
  LiveTurn undo;
  undo.undo = true;
  EXPECT_THAT(lines_of_turn(2, undo), ElementsAre("2 !undo"));
}

TEST(LiveLog, IsInTheFileUnlessItsWordsAreToStayOut) {
  Request request = live_request();
  request.live_log = {"2 a storm"};
  request.frames = 40;
  Plan plan = make_plan(request);
  EXPECT_THAT(file_metadata(plan), HasSubstr(R"("live_log":["2 a storm"])"));
  EXPECT_THAT(file_metadata(plan), HasSubstr(R"("prompt":"a lake")"));
  const Plan film = plan_of_film(plan, {"3 a boat"}, 33);
  EXPECT_THAT(file_metadata(film), HasSubstr(R"("live_log":["3 a boat"])"));
  EXPECT_THAT(file_metadata(film), HasSubstr(R"("frames":33)"));
  plan.request.no_prompt_in_file = true;
  EXPECT_THAT(file_metadata(plan), Not(HasSubstr("storm")));
}

TEST(LiveShots, BeginWithTheFramesOfTheirBlock) {
  Plan plan = make_plan(live_request());
  const int scale = 4;
  add_live_prompt(plan, 2, scale, "a storm");
  ASSERT_EQ(plan.inputs.shots.size(), 2U);
  EXPECT_NEAR(plan.inputs.shots[1].time,
              static_cast<double>(frames_before_block(plan, 2, scale)) / plan.timeline.model_fps, 1e-9);
  add_live_prompt(plan, 2, scale, "a calm sea");
  ASSERT_EQ(plan.inputs.shots.size(), 2U) << "of two prompts for a block the last counts";
  EXPECT_EQ(plan.inputs.shots[1].prompt, "a calm sea");
  remove_live_prompts(plan, 2, scale);
  EXPECT_EQ(plan.inputs.shots.size(), 1U);
}

}  // namespace
}  // namespace sora
