// Videos of causal models: they continue after a stop with the same bytes, and go on from clips.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "media/read/video_reader.h"
#include "pipeline/tiny_model.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::ElementsAre;

constexpr const char* kFacts = R"({"native_frames": 33, "fps": 8, "causal": {"window": 7, "sink": 1}})";

class CausalRun : public testing::Test {
 protected:
  CausalRun() {
    request_.model = model_;
    request_.prompt = "a lighthouse";
    request_.res = "48x32";
    request_.frames = 50;  // five blocks: more than attention sees
    request_.codec = "ffv1";
    request_.pix_fmt = "bgr0";
    options_.file = folder_ / "kept" / "a.safetensors";
    options_.key = "k";
    options_.every = 1;
  }

  Result run(const RunHooks& hooks = {}) { return generator_.run(make_plan(request_), hooks); }

  bool stopped_at(int n) {
    RunHooks hooks;
    hooks.checkpoint = options_;
    hooks.stop = [&] { return --n < 0; };
    try {
      run(hooks);
      return false;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::interrupted) << error.what();
      return true;
    }
  }

  // Of the questions whether to stop there is one before each of the four steps of a block.
  void expect_same_bytes_after_stops(std::initializer_list<int> questions) {
    const std::string whole = run().sha256;
    RunHooks hooks;
    hooks.checkpoint = options_;
    for (const int n : questions) {
      fs::remove_all(options_.file.parent_path());
      ASSERT_TRUE(stopped_at(n)) << n;
      EXPECT_EQ(run(hooks).sha256, whole) << "stopped at question " << n;
    }
  }

  static std::vector<std::vector<std::uint8_t>> frames_of(const std::string& file) {
    std::vector<std::vector<std::uint8_t>> frames;
    for (const VideoFrame& frame : read_first(file, {}, 10000)) frames.push_back(frame.rgb);
    return frames;
  }

  const TemporaryFolder folder_;
  const std::string model_ = copy_tiny_model(folder_, "wan21", kFacts);
  Generator generator_;
  Request request_ = seeded_request(folder_ / "a.mkv");
  CheckpointOptions options_;
};

TEST_F(CausalRun, GivesTheSameBytesAgainAndAfterStops) {
  EXPECT_EQ(run().sha256, run().sha256);
  expect_same_bytes_after_stops({2, 9, 17});
}

TEST_F(CausalRun, GivesTheSameBytesAfterStopsInAStoryboard) {
  request_.verb = "storyboard";
  request_.prompt.clear();
  request_.shot = {"0:00 a lighthouse", "0:02 a red car", "0:04 a forest"};
  expect_same_bytes_after_stops({7, 15});
}

TEST_F(CausalRun, GivesTheSameBytesAfterStopsOfAnExtension) {
  request_.frames = 30;
  request_.output = (folder_ / "clip.mkv").string();
  run();
  request_.verb = "extend";
  request_.input = request_.output;
  request_.output = (folder_ / "longer.mkv").string();
  request_.res.reset();
  expect_same_bytes_after_stops({3, 7});
}

TEST_F(CausalRun, AShortVideoIsTheBeginningOfALongOne) {
  run();
  const auto whole = frames_of(*request_.output);
  request_.frames = 20;
  run();
  const auto begin = frames_of(*request_.output);
  ASSERT_EQ(begin.size(), 20U);
  for (std::size_t i = 0; i < begin.size(); ++i) EXPECT_EQ(begin[i], whole[i]) << i;
}

TEST_F(CausalRun, AClipIsFollowedByNewFrames) {
  request_.frames = 30;
  request_.output = (folder_ / "clip.mkv").string();
  run();
  request_.verb = "extend";
  request_.input = request_.output;
  request_.output = (folder_ / "longer.mkv").string();
  request_.res.reset();
  request_.frames = 13;
  EXPECT_EQ(run().frames, 43);
  const auto clip = frames_of(*request_.input), longer = frames_of(*request_.output);
  ASSERT_EQ(longer.size(), 43U);
  for (std::size_t i = 0; i < clip.size(); ++i) EXPECT_EQ(longer[i], clip[i]) << i;
}

TEST_F(CausalRun, KeptLatentsAreDecodedToTheSameFrames) {
  request_.keep_latents = true;
  run();
  const auto frames = frames_of(*request_.output);
  request_.keep_latents = false;
  RunHooks hooks;
  hooks.checkpoint.file = *request_.output + ".latents.safetensors";
  hooks.checkpoint.only_decode = true;
  request_.output = (folder_ / "decoded.mkv").string();
  run(hooks);
  EXPECT_EQ(frames_of(*request_.output), frames);
}

TEST_F(CausalRun, ALiveFilmIsMadeAgainFromItsLogAlsoAfterAnUndo) {
  request_.verb = "live";
  request_.codec.reset();
  request_.pix_fmt.reset();
  request_.frames.reset();
  request_.output = (folder_ / "film.mp4").string();
  std::map<int, LiveTurn> turns;
  turns[2].prompt = "a red car";
  turns[4].undo = true;  // block 3
  turns[6].prompt = "a forest";
  RunHooks hooks;
  int asked = 0;
  hooks.live = [&](int, std::int64_t) {
    LiveTurn turn = turns[asked];
    turn.end = asked++ >= 8;
    return turn;
  };
  const Result film = run(hooks);
  EXPECT_THAT(film.live_log, ElementsAre("2 a red car", "4 !undo", "4 a forest"));
  EXPECT_EQ(film.frames, 9 + 5 * 12);
  request_.live_log = film.live_log;
  request_.frames = static_cast<int>(film.frames);
  const auto frames = frames_of(*request_.output);
  request_.output = (folder_ / "again.mp4").string();
  run();
  EXPECT_EQ(frames_of(*request_.output), frames);
}

TEST_F(CausalRun, ALiveFilmIsTheStoryboardThatItBecame) {
  request_.verb = "live";
  request_.codec.reset();
  request_.pix_fmt.reset();
  request_.output = (folder_ / "film.mp4").string();
  request_.live_log = {"2 a red car"};
  run();
  const auto frames = frames_of(*request_.output);
  ASSERT_EQ(frames.size(), 50U);
  request_.verb = "storyboard";
  request_.live_log.clear();
  request_.prompt.clear();
  request_.shot = {"0:00 a lighthouse", "0:02.625 a red car"};
  request_.output = (folder_ / "story.mp4").string();
  run();
  EXPECT_EQ(frames_of(*request_.output), frames);
}

TEST_F(CausalRun, AStillIsTheFirstFrame) {
  run();
  const auto frames = frames_of(*request_.output);
  request_.frames.reset();
  request_.codec.reset();
  request_.pix_fmt.reset();
  request_.output = (folder_ / "a.png").string();
  run();
  EXPECT_EQ(read_image(*request_.output).rgb, frames.front());
}

}  // namespace
}  // namespace sora
