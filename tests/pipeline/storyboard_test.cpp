// Storyboards: the change from prompt to prompt, the positions of windows, and runs of tiny models with
// random weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "error_of.h"
#include "media/read/video_reader.h"
#include "media/write/video_writer.h"
#include "pipeline/difference.h"
#include "pipeline/tiny_model.h"
#include "plan/geometry/windows.h"
#include "plan/metadata.h"
#include "plan/verbs/story.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"

namespace sora {
namespace {

using testing::HasSubstr;

TEST(Story, ReadsTimesInTheWaysPeopleWriteThem) {
  EXPECT_EQ(parse_time("0:00"), 0);
  EXPECT_EQ(parse_time("1:02.5"), 62.5);
  EXPECT_EQ(parse_time("1:02:03"), 3723);
  EXPECT_EQ(parse_time("90:00"), 5400);
  EXPECT_EQ(parse_time("12s"), 12);
  EXPECT_EQ(parse_time("0.25"), 0.25);
  for (const char* text :
       {"", "s", ":", "1:", "1:60", "1.5:00", "1:2:3:4", "-1", "1e3", "0:0x", "1:00s", "nan"})
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  for (const char* text : {"0:00", "0:04.5", "1:02.125", "1:02:03", "59:59.999"})
    EXPECT_EQ(time_text(*parse_time(text)), text);
}

TEST(Story, AShareRisesOverTheFadeAroundItsTime) {
  Plan plan;
  plan.inputs.shots = {{0, "a"}, {4, "b"}, {4.5, "c"}, {10, "d"}};
  plan.inputs.fade = 2;
  EXPECT_THAT(shares_at(plan.inputs, 0), testing::ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(shares_at(plan.inputs, 4), testing::ElementsAre(0.5, 0.5, 0, 0));
  EXPECT_THAT(shares_at(plan.inputs, 4.25), testing::ElementsAre(0, 1, 0, 0))
      << "short shots have short fades";
  EXPECT_THAT(shares_at(plan.inputs, 9.5), testing::ElementsAre(0, 0, 0.75, 0.25));
  EXPECT_THAT(shares_at(plan.inputs, 50), testing::ElementsAre(0, 0, 0, 1));
  for (double time = 0; time < 12; time += 0.1) {
    const auto shares = shares_at(plan.inputs, time);
    EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-9) << time;
    for (const double share : shares) EXPECT_GE(share, 0) << time;
  }
  plan.inputs.fade = 0;
  EXPECT_THAT(shares_at(plan.inputs, 3.999), testing::ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(shares_at(plan.inputs, 4), testing::ElementsAre(0, 1, 0, 0));
}

TEST(Windows, EndWithAPlaceOrHaveItInTheFirst) {
  const int native = 5, conditioning = 2;
  for (int place = 1; place < 30; ++place) {
    for (int next = place + 1; next < 32; ++next) {
      const auto windows = windows_to_places(33, native, {0, 0, conditioning, false}, {place, next});
      int made = 0;
      for (const Window& window : windows) {
        EXPECT_EQ(window.first + window.conditioning, made);
        EXPECT_LE(window.count, native);
        made = window.first + window.count;
        for (const int at : {place, next}) {
          if (at < window.first + window.conditioning || at >= made || window.first == 0) continue;
          EXPECT_EQ(at, made - 1) << place << ", " << next;
        }
      }
      EXPECT_GE(made, 33);
    }
  }
  // The window that ends with it makes all that it can on the way.
  for (const Window& window : windows_to_places(33, native, {0, 0, conditioning, false}, {12})) {
    if (window.first + window.count == 13) {
      EXPECT_EQ(window.count - window.conditioning, native - conditioning);
    }
  }
}

class StoryboardTest : public testing::Test {
 protected:
  void SetUp() override {
    request_.model = copy_tiny_model(folder_, "ti2v");
    request_.res = "64x32";
    request_.verb = "storyboard";
  }

  std::vector<VideoFrame> frames() {
    Generator().run(make_plan(request_));
    return read_first(*request_.output, {}, 10000);
  }

  std::string picture(const std::string& name) {
    VideoSettings settings;
    settings.width = settings.source_width = 64;
    settings.height = settings.source_height = 32;
    settings.fps = 8;
    settings.container = "png";
    settings.codec = "png";
    settings.pix_fmt = "rgb24";
    const std::string path = (folder_ / name).string();
    auto writer = open_writer(settings, {path, true, 1});
    std::vector<std::uint8_t> rgb(64 * 32 * 3);
    for (std::size_t i = 0; i < rgb.size(); ++i)
      rgb[i] = static_cast<std::uint8_t>(128 + 100 * std::sin(static_cast<double>(i) / 40));
    writer->write(rgb.data(), 64 * 3);
    writer->finish();
    return path;
  }

  void expect_error(const std::string& text, ErrorKind kind = ErrorKind::usage) {
    test::expect_error([&] { make_plan(request_); }, kind, text);
  }

  const TemporaryFolder folder_;
  Request request_ = lossless_request(folder_ / "out.mkv");
};

TEST_F(StoryboardTest, EndsAtTheModelsLengthAfterTheLastShot) {
  request_.shot = {"0:00 a lighthouse", "0:04 a storm"};
  const Plan plan = make_plan(request_);
  EXPECT_EQ(plan.timeline.frames, 32 + 17);
  EXPECT_EQ(plan.request.prompt, "a lighthouse");
  EXPECT_THAT(plan_text(plan), HasSubstr("shots     0:00  \"a lighthouse\"\n          0:04  \"a storm\"\n"));
  EXPECT_THAT(plan_json(plan, -1), HasSubstr(R"({"time":4.0,"prompt":"a storm"})"));
}

TEST_F(StoryboardTest, ItsMetadataIsTheWholeStory) {
  request_.shot = {"0s a lighthouse", "4.50s a storm"};
  request_.shot_image = {"0:02 " + picture("a b.png")};
  request_.fade = 0.5;
  const std::string metadata = metadata_json(make_plan(request_));
  EXPECT_THAT(metadata, HasSubstr(R"("verb":"storyboard")"));
  EXPECT_THAT(metadata, HasSubstr(R"("shot":["0:00 a lighthouse","0:04.5 a storm"],"shot_image":["0:02 )"));
  EXPECT_THAT(metadata, HasSubstr(R"("fade":0.5)"));
}

TEST_F(StoryboardTest, TwoShotsOfOnePromptAreTheVideoOfThatPrompt) {
  request_.shot = {"0:00 a lighthouse", "0:02 a lighthouse"};
  request_.frames = 33;
  request_.drift_control = 0;  // which holds each shot to a look of its own
  const auto story = frames();
  Request plain = request_;
  plain.verb = "generate";
  plain.shot.clear();
  plain.prompt = "a lighthouse";
  request_ = plain;
  const auto video = frames();
  ASSERT_EQ(story.size(), video.size());
  for (std::size_t i = 0; i < video.size(); ++i) EXPECT_EQ(story[i].rgb, video[i].rgb) << i;
}

TEST_F(StoryboardTest, APromptTakesOverAtItsTimeAndNotBefore) {
  request_.frames = 33;
  request_.shot = {"0:00 a lighthouse"};
  const auto one = frames();
  request_.shot.push_back("0:03 a red car on a road");
  request_.fade = 0.5;
  const auto two = frames();
  ASSERT_EQ(two.size(), one.size());
  // Windows are of 17 frames, then 12: the fade lies in the second.
  for (std::size_t i = 0; i < 17; ++i) EXPECT_EQ(one[i].rgb, two[i].rgb) << i;
  EXPECT_GT(difference(one[32], two[32]), difference(one[18], two[18]));
  EXPECT_GT(difference(one[32], two[32]), 0);
}

TEST_F(StoryboardTest, ShowsAnImageAtItsTime) {
  request_.frames = 49;
  request_.shot = {"0:00 a lighthouse"};
  const std::string path = picture("picture.png");
  const auto without = frames();
  request_.shot_image = {"0:03 " + path};
  const Plan plan = make_plan(request_);
  ASSERT_EQ(plan.inputs.shot_images.size(), 1U);
  EXPECT_EQ(plan.inputs.shot_images[0].latent, 6);  // frames 21 to 24
  const auto with = frames();
  ASSERT_EQ(with.size(), 49U);
  for (std::size_t i = 0; i < 17; ++i) EXPECT_EQ(with[i].rgb, without[i].rgb) << i;
  EXPECT_GT(difference(with[24], without[24]), 1);
  const VideoFrame shown = read_first(path, {}, 1).front();
  EXPECT_LT(difference(with[24], shown), 1);
  EXPECT_GT(difference(with[23], shown), 1) << "the picture does not stand still before its time";
}

TEST_F(StoryboardTest, SaysWhatIsWrongBeforeAnyWork) {
  expect_error("storyboard needs its shots");
  request_.shot = {"0:00 a", "0:02 b", "0:01 c"};
  expect_error("shot 3 begins at 0:01, expected a time after 0:02");
  request_.shot = {"0:00 a", "b"};
  expect_error("--shot \"b\" does not begin with a time");
  request_.shot = {"0:01 a"};
  expect_error("shot 1 begins at 0:01, expected the first shot at 0:00");
  request_.shot = {"0:00 a", "0:05 b"};
  request_.seconds = 5;
  expect_error("shot 2 begins at 0:05, and the video ends at 0:05");
  request_.seconds.reset();
  request_.prompt = "c";
  expect_error("has its prompts in its shots");
  request_.prompt.clear();
  request_.fade = -1;
  expect_error("--fade");
  request_.fade.reset();
  request_.shot_image = {"0:01.2 " + picture("a.png"), "0:01.3 " + picture("b.png")};
  expect_error("too near the image before it");
  request_.shot_image = {"0:00 " + picture("a.png")};
  expect_error("--image FILE");
  request_.shot_image = {"0:01 " + (folder_ / "gone.png").string()};
  expect_error("gone.png", ErrorKind::no_input);
  request_.shot_image.clear();
  request_.verb = "generate";
  expect_error("--shot means nothing to generate; it goes with storyboard");
}

}  // namespace
}  // namespace sora
