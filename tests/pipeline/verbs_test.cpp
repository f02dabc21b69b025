// The verbs with input files, with tiny models of random weights: conditioning frames come out as the VAE
// decodes them, clips come out unchanged, seams do not jump, and mistakes are found before any work.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "error_of.h"
#include "media/read/video_reader.h"
#include "media/write/video_writer.h"
#include "pipeline/difference.h"
#include "pipeline/tiny_model.h"
#include "plan/geometry/windows.h"
#include "plan/verbs/verb.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using Frames = std::vector<VideoFrame>;

class VerbsTest : public testing::Test {
 protected:
  void SetUp() override {
    request_.prompt = "a lighthouse";
    use("ti2v");
  }

  void use(const std::string& model) {
    const fs::path copy = folder_ / model;
    request_.model = fs::exists(copy) ? copy.string() : copy_tiny_model(folder_, model);
  }

  // Smooth colours that move to the right, lossless.
  std::string clip(const std::string& name, int frames, double fps = 8, int phase = 0) {
    VideoSettings settings;
    settings.width = settings.source_width = 64;
    settings.height = settings.source_height = 32;
    settings.fps = fps;
    settings.container = "matroska";
    settings.codec = "ffv1";
    settings.pix_fmt = "bgr0";
    const std::string path = (folder_ / name).string();
    auto writer = open_writer(settings, {path, true, 1});
    std::vector<std::uint8_t> rgb(64 * 32 * 3 + 64);
    for (int t = 0; t < frames; ++t) {
      for (int y = 0; y < 32; ++y) {
        for (int x = 0; x < 64; ++x) {
          for (int c = 0; c < 3; ++c)
            rgb[static_cast<std::size_t>((y * 64 + x) * 3 + c)] =
                static_cast<std::uint8_t>(128 + 100 * std::sin((x - 2 * t + 9 * c + phase) / 10.0));
        }
      }
      writer->write(rgb.data(), 64 * 3);
    }
    writer->finish();
    return path;
  }

  Result run() { return generator_.run(make_plan(request_)); }
  Frames output() const { return read_first(*request_.output, {}, 10000); }

  void expect_error(ErrorKind kind, const std::string& text) {
    test::expect_error([&] { make_plan(request_); }, kind, text);
  }

  void expect_same(const Frames& got, std::size_t from, const Frames& want) {
    ASSERT_GE(got.size(), from + want.size());
    for (std::size_t i = 0; i < want.size(); ++i)
      EXPECT_EQ(difference(got[from + i], want[i]), 0) << "frame " << from + i;
  }

  const TemporaryFolder folder_;
  Request request_ = lossless_request(folder_ / "out.mkv");
  Generator generator_;
};

TEST_F(VerbsTest, AnimateTakesThePicturesShapeAndBeginsWithWhatTheVaeMakesOfIt) {
  for (const char* model : {"ti2v", "wan21"}) {
    use(model);
    request_.verb = "animate";
    request_.image = clip("picture.mkv", 1);
    request_.frames = 9;
    request_.res.reset();
    EXPECT_EQ(make_plan(request_).request.aspect, "64:32");
    request_.res = "64x32";
    ASSERT_EQ(run().frames, 9);
    const VideoFrame first = output().front();
    // A remix that changes nothing is encode and decode.
    request_.verb = "remix";
    request_.input = request_.image;
    request_.image.reset();
    request_.strength = 0;
    request_.frames = 1;
    request_.fps = 8;
    ASSERT_EQ(run().frames, 1);
    EXPECT_LT(difference(first, output().front()), 0.6) << model << ": rounding alone";
    request_.input.reset();
    request_.strength.reset();
    request_.fps.reset();
  }
}

TEST_F(VerbsTest, AnimateEndsWithTheLastImage) {
  request_.verb = "animate";
  request_.image = clip("a.mkv", 1);
  request_.res = "64x32";
  for (const int frames : {9, 22}) {
    request_.frames = frames;
    request_.last_image.reset();
    run();
    const VideoFrame free_end = output().back();
    request_.last_image = clip("b.mkv", 1, 8, 31);
    const Plan plan = make_plan(request_);
    EXPECT_EQ(plan.timeline.windows.back().conditioning_end, 1);
    EXPECT_EQ(plan.timeline.windows.back().first + plan.timeline.windows.back().count,
              (plan.timeline.model_frames + 2) / 4 + 1);
    ASSERT_EQ(run().frames, frames);
    EXPECT_GT(difference(output().back(), free_end), 1) << frames;
  }
}

TEST_F(VerbsTest, ExtendGivesTheClipAsItIsAndThenNewFrames) {
  request_.verb = "extend";
  request_.input = clip("clip.mkv", 12);
  request_.frames = 20;  // more than one window
  ASSERT_GT(make_plan(request_).timeline.windows.size(), 1U);
  ASSERT_EQ(run().frames, 32);
  const Frames whole = output();
  expect_same(whole, 0, read_first(*request_.input, {}, 100));
  request_.only_new = true;
  ASSERT_EQ(run().frames, 20);
  const Frames fresh = output();
  expect_same(whole, 12, fresh);
}

TEST_F(VerbsTest, ExtendBackwardEndsWithTheClip) {
  request_.verb = "extend";
  request_.backward = true;
  request_.input = clip("clip.mkv", 7);
  request_.frames = 30;
  ASSERT_GT(make_plan(request_).timeline.windows.size(), 1U);
  ASSERT_EQ(run().frames, 37);
  expect_same(output(), 30, read_first(*request_.input, {}, 100));
}

TEST_F(VerbsTest, ExtendKeepsSizeAndRateOfTheClip) {
  request_.verb = "extend";
  request_.input = clip("clip.mkv", 30, 30);
  request_.seconds = 0.5;
  const Plan plan = make_plan(request_);
  EXPECT_EQ(plan.picture.width, 64);
  EXPECT_EQ(plan.picture.height, 32);
  EXPECT_EQ(plan.timeline.fps, 30);
  EXPECT_EQ(plan.timeline.frames, 15);
  EXPECT_EQ(plan.timeline.model_frames, 4);
  ASSERT_EQ(run().frames, 45);
}

TEST_F(VerbsTest, TheFirstNewFrameIsNearTheLastGivenOne) {
  request_.verb = "extend";
  request_.input = clip("clip.mkv", 12, 32);
  request_.seconds = 0.5;
  run();
  const Frames frames = output();
  // The random model's own next frame has nothing to do with the clip; a quarter of the way there is blended.
  request_.fps = 8;
  EXPECT_LT(difference(frames[11], frames[12]), 0.6 * difference(frames[11], frames[15]));
}

TEST_F(VerbsTest, ConnectAndLoopPutNewFramesBetween) {
  request_.verb = "connect";
  request_.input = clip("a.mkv", 6);
  request_.input_2 = clip("b.mkv", 9, 8, 31);
  request_.frames = 12;
  EXPECT_EQ(make_plan(request_).timeline.model_frames, 12);
  ASSERT_EQ(run().frames, 27);
  const Frames frames = output();
  expect_same(frames, 0, read_first(*request_.input, {}, 100));
  expect_same(frames, 18, read_first(*request_.input_2, {}, 100));

  request_.verb = "loop";
  request_.input_2.reset();
  ASSERT_EQ(run().frames, 18);
  expect_same(output(), 0, read_first(*request_.input, {}, 100));

  request_.input.reset();
  request_.res = "64x32";
  request_.frames = 20;
  EXPECT_GT(make_plan(request_).timeline.windows.size(), 1U);
  ASSERT_EQ(run().frames, 20);
}

TEST_F(VerbsTest, RemixIsAsLongAndLargeAsItsInputAndStrengthLeadsAway) {
  use("wan21");
  request_.verb = "remix";
  request_.input = clip("clip.mkv", 25, 12);
  const Frames input = read_first(*request_.input, {}, 100);
  request_.steps = 4;
  double before = -1;
  Frames reconstructed;
  for (const double strength : {0.0, 0.5, 1.0}) {
    request_.strength = strength;
    EXPECT_GT(make_plan(request_).timeline.windows.size(), 1U);
    ASSERT_EQ(run().frames, 25);
    const Frames frames = output();
    if (reconstructed.empty()) reconstructed = frames;
    double away = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) away += difference(frames[i], reconstructed[i]);
    EXPECT_GT(away, before) << strength;
    before = away;
  }
}

TEST_F(VerbsTest, GoOnAfterAStopWithTheSameBytes) {
  request_.frames = 20;
  request_.input = clip("clip.mkv", 12);
  for (const char* verb : {"extend", "extend backward", "loop", "remix"}) {
    SCOPED_TRACE(verb);
    request_.verb = std::string(verb).substr(0, std::string(verb).find(' '));
    request_.backward = std::string(verb) == "extend backward";
    const std::string whole = run().sha256;
    RunHooks hooks;
    hooks.checkpoint = {folder_ / "kept.safetensors", "k", 1, false};
    int questions = 6;
    hooks.stop = [&] { return --questions < 0; };
    EXPECT_THROW(generator_.run(make_plan(request_), hooks), Error);
    EXPECT_TRUE(fs::exists(hooks.checkpoint.file));
    hooks.stop = {};
    EXPECT_EQ(generator_.run(make_plan(request_), hooks).sha256, whole);
  }
}

TEST_F(VerbsTest, MistakesAreFoundBeforeAnyWork) {
  request_.verb = "animat";
  expect_error(ErrorKind::usage, "did you mean animate?");
  request_.verb = "animate";
  expect_error(ErrorKind::usage, "animate needs --image FILE");
  request_.image = (folder_ / "missing.png").string();
  expect_error(ErrorKind::no_input, "missing.png");
  std::ofstream(folder_ / "text.png") << "no picture at all";
  request_.image = (folder_ / "text.png").string();
  expect_error(ErrorKind::data, "text.png");
  request_.image = clip("picture.mkv", 1);
  request_.strength = 0.5;
  expect_error(ErrorKind::usage, "--strength means nothing to animate; it goes with finish, remix");
  request_.strength.reset();
  request_.frames = 1;
  expect_error(ErrorKind::usage, "animate makes at least 2 frames");
  request_.frames = 9;
  request_.fit = "crop";
  expect_error(ErrorKind::usage, "cover, contain or stretch");
  request_.fit.reset();
  request_.background = "#12345g";
  expect_error(ErrorKind::usage, "#rrggbb");
  request_.background.reset();
  request_.image.reset();
  request_.verb = "connect";
  request_.input = clip("a.mkv", 5);
  expect_error(ErrorKind::usage, "connect needs --input-2");
  request_.verb = "remix";
  request_.strength = 1.5;
  expect_error(ErrorKind::usage, "--strength: expected a number from 0");
}

TEST(VerbWindows, EndExactlyAtWhatIsGiven) {
  for (int native = 4; native < 9; ++native) {
    for (int start = 0; start <= 2; ++start) {
      for (int total = start + 3; total < 40; ++total) {
        const auto windows = plan_conditioned_windows(total, native, {start, 1, 2, true});
        int made = start;
        for (const Window& window : windows) {
          EXPECT_LE(window.count, native);
          EXPECT_EQ(window.first + window.conditioning, made);
          made = window.first + window.count - window.conditioning_end;
          EXPECT_GT(made, window.first + window.conditioning) << "nothing new";
        }
        EXPECT_EQ(windows.back().first + windows.back().count, total);
        EXPECT_EQ(windows.back().conditioning_end, 1);
        if (windows.size() > 1) {
          EXPECT_EQ(windows.back().count, std::min(native, total));
        }
      }
    }
  }
}

TEST_F(VerbsTest, LaterWindowsSeeTheFirstFrameOfALongVideo) {
  request_.res = "64x32";
  request_.frames = 45;  // windows of 17, 12, 12 and what is left of 12
  const Plan plan = make_plan(request_);
  ASSERT_GT(plan.timeline.windows.size(), 2U);
  EXPECT_FALSE(plan.timeline.windows[0].anchored);
  EXPECT_TRUE(plan.timeline.windows[1].anchored);
  EXPECT_TRUE(plan.timeline.windows.back().anchored);
  generator_.run(plan);
  const Frames anchored = output();
  Plan free = plan;
  for (Window& window : free.timeline.windows) window.anchored = false;
  generator_.run(free);
  const Frames unanchored = output();
  ASSERT_EQ(anchored.size(), 45U);
  ASSERT_EQ(unanchored.size(), 45U);
  for (std::size_t i = 0; i < 17; ++i) EXPECT_EQ(anchored[i].rgb, unanchored[i].rgb) << i;
  EXPECT_GT(difference(anchored[20], unanchored[20]), 0);

  request_.drift_control = 0;
  EXPECT_FALSE(make_plan(request_).timeline.windows[1].anchored);
  request_.drift_control.reset();
  // Where conditioning frames are put in place at each step, they must be those that come before.
  use("wan21");
  EXPECT_FALSE(make_plan(request_).timeline.windows[1].anchored);
}

}  // namespace
}  // namespace sora
