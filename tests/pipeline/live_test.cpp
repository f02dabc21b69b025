// Live films: what is said before a block takes effect in it, a film is the storyboard that it became, and
// its log makes it again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "media/read/video_reader.h"
#include "pipeline/tiny_model.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int kBlocks = 4;

class LiveTest : public testing::Test {
 protected:
  Request request(const std::string& name) {
    Request request = seeded_request(folder_ / name);
    request.model = model_;
    request.verb = "live";
    request.prompt = "a lake";
    request.res = "64x64";
    request.steps = 2;
    request.guidance = 1;
    return request;
  }

  // A film of kBlocks blocks; `turns` are what happens at each question, in their order.
  Result film(const Request& request, std::map<int, LiveTurn> turns, int questions = kBlocks) {
    RunHooks hooks;
    int asked = 0;
    hooks.live = [&](int, std::int64_t) {
      LiveTurn turn = turns[asked];
      turn.end = asked++ >= questions;
      return turn;
    };
    return generator_.run(make_plan(request), hooks);
  }

  Result again(Request request, const Result& film, const std::string& name) {
    request.live_log = film.live_log;
    request.frames = static_cast<int>(film.frames);
    request.output = (folder_ / name).string();
    return generator_.run(make_plan(request));
  }

  static std::vector<std::vector<std::uint8_t>> frames_of(const std::string& file) {
    std::vector<std::vector<std::uint8_t>> frames;
    for (const VideoFrame& frame : read_first(file, {}, 10000)) frames.push_back(frame.rgb);
    return frames;
  }

  static LiveTurn says(const std::string& prompt) {
    LiveTurn turn;
    turn.prompt = prompt;
    return turn;
  }

  const TemporaryFolder folder_;
  const std::string model_ = copy_tiny_model(folder_, "ti2v", R"({"native_frames": 13, "fps": 8})");
  Generator generator_;
};

TEST_F(LiveTest, AFilmIsTheStoryboardThatItBecame) {
  Request live = request("live.mp4");
  const Result made = film(live, {{2, says("a red car")}});
  EXPECT_THAT(made.live_log, ElementsAre("2 a red car"));
  EXPECT_EQ(made.frames, 13 + 3 * 8);
  Request story = live;
  story.verb = "storyboard";
  story.prompt.clear();
  story.fade = 0;
  story.frames = static_cast<int>(made.frames);
  story.shot = {"0:00 a lake", "0:02.625 a red car"};  // the second block ends with frame 21 at 8 a second
  story.output = (folder_ / "story.mp4").string();
  generator_.run(make_plan(story));
  EXPECT_EQ(frames_of(*live.output), frames_of(*story.output));
}

TEST_F(LiveTest, TheLogMakesTheSameBytesAgain) {
  const Request live = request("live.mp4");
  LiveTurn undo, seed = says("a red car");
  undo.undo = true;
  seed.seed = 99;
  const Result made = film(live, {{1, says("a storm")}, {2, undo}, {3, says("a boat")}, {4, seed}}, 6);
  EXPECT_THAT(made.live_log, ElementsAre("1 a storm", "2 !undo", "1 a boat", "2 !seed 99", "2 a red car"));
  const Result replayed = again(live, made, "again.mp4");
  EXPECT_EQ(replayed.live_log, made.live_log);
  EXPECT_EQ(replayed.frames, made.frames);
  EXPECT_EQ(replayed.sha256, made.sha256);
}

TEST_F(LiveTest, AnUndoneBlockLeavesNoFrames) {
  const Request live = request("live.mp4");
  LiveTurn undo;
  undo.undo = true;
  const Result with = film(live, {{2, undo}}, 4);
  const Result without = film(live, {}, 2);
  EXPECT_EQ(with.frames, without.frames) << "a block was made twice";
  EXPECT_NE(with.sha256, without.sha256) << "with other noise";
  EXPECT_THAT(with.live_log, ElementsAre("2 !undo"));
}

TEST_F(LiveTest, OnlyTheLastBlockCanBeUndone) {
  LiveTurn undo;
  undo.undo = true;
  const Result made = film(request("live.mp4"), {{0, undo}, {3, undo}, {4, undo}}, 6);
  EXPECT_THAT(made.live_log, ElementsAre("2 !undo")) << "not before the first block, and not twice in a row";
}

TEST_F(LiveTest, WhatConcernsABlockThatIsNotInTheFilmIsNotInItsLog) {
  LiveTurn undo;
  undo.undo = true;
  const Request live = request("live.mp4");
  const Result made = film(live, {{1, says("a storm")}, {2, says("a boat")}, {3, undo}}, 4);
  EXPECT_THAT(made.live_log, ElementsAre("1 a storm")) << "it ended without block 2";
  EXPECT_EQ(again(live, made, "again.mp4").sha256, made.sha256);
}

TEST_F(LiveTest, AFilmHasOneBlockAtLeast) {
  const Result made = film(request("live.mp4"), {}, 0);
  EXPECT_EQ(made.frames, 13);
  EXPECT_THAT(made.live_log, IsEmpty());
}

TEST_F(LiveTest, NobodyDirectsAFilmOfUnknownLength) {
  EXPECT_THROW(generator_.run(make_plan(request("live.mp4"))), Error);
}

TEST_F(LiveTest, StepCachesAndStepsWithNoiseAreReplayedToo) {
  Request live = request("live.mp4");
  live.scheduler = "lcm";
  live.sigmas = "1,0.757,0.522";
  live.steps.reset();
  LiveTurn undo;
  undo.undo = true;
  const Result made = film(live, {{2, undo}}, 4);
  const Result replayed = again(live, made, "again.mp4");
  EXPECT_EQ(replayed.live_log, made.live_log);
  EXPECT_EQ(frames_of((folder_ / "again.mp4").string()), frames_of(*live.output));
  EXPECT_EQ(replayed.sha256, made.sha256);
}

}  // namespace
}  // namespace sora
