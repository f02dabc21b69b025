// What a run reports, with a tiny model: times, an ETA, previews, pictures beside the video.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/tiny_model.h"
#include "places.h"
#include "sora/generator.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

class RunTest : public testing::Test {
 protected:
  void SetUp() override {
    request_.model = test_data() / "pipeline/wan21";
    request_.prompt = "a lighthouse";
    request_.res = "64x48";
    request_.frames = 9;
    request_.steps = 4;
  }

  const TemporaryFolder folder_;
  Request request_ = seeded_request(folder_ / "a.mp4");
  Generator generator_;
};

TEST_F(RunTest, PreviewsArePicturesOfTheVideosShapeAndChangeNothing) {
  const Result plain = generator_.run(make_plan(request_));
  std::vector<Preview> previews;
  RunHooks hooks;
  hooks.preview = [&](const Preview& preview) { previews.push_back(preview); };
  const Result shown = generator_.run(make_plan(request_), hooks);
  EXPECT_EQ(shown.sha256, plain.sha256);
  ASSERT_FALSE(previews.empty());
  int step = 0;
  for (const Preview& preview : previews) {
    EXPECT_GT(preview.step, step);
    step = preview.step;
    EXPECT_EQ(preview.steps, 4);
    EXPECT_EQ(preview.height, 48);
    EXPECT_EQ(preview.width % 64, 0) << "frames side by side";
    EXPECT_EQ(preview.rgb.size(), static_cast<std::size_t>(preview.width) * 48 * 3);
  }
}

TEST_F(RunTest, PicturesBesideTheVideoLeaveItAsItIs) {
  const Result plain = generator_.run(make_plan(request_));
  request_.contact_sheet = (folder_ / "sheet.png").string();
  request_.thumbnail = (folder_ / "thumbnail.jpg").string();
  EXPECT_EQ(generator_.run(make_plan(request_)).sha256, plain.sha256);
  EXPECT_GT(fs::file_size(folder_ / "sheet.png"), 1000U);
  EXPECT_GT(fs::file_size(folder_ / "thumbnail.jpg"), 100U);
}

TEST_F(RunTest, TellsWhereItsTimeWent) {
  const Result first = generator_.run(make_plan(request_));
  EXPECT_GT(first.load_seconds, 0);
  EXPECT_GT(first.step_seconds, 0);
  EXPECT_GT(first.frame_seconds, 0);
  EXPECT_LE(first.load_seconds + first.step_seconds + first.frame_seconds, first.seconds);
  EXPECT_EQ(generator_.run(make_plan(request_)).load_seconds, 0) << "the model is there already";
}

TEST_F(RunTest, HasAnEtaFromTheFirstMomentWhenPastRunsAreKnown) {
  Plan plan = make_plan(request_);
  plan.machine.pace = Pace{10, 1000, 500, 3};
  std::vector<Progress> reports;
  RunHooks hooks;
  hooks.progress = [&](const Progress& progress) { reports.push_back(progress); };
  generator_.run(plan, hooks);
  for (const Progress& report : reports) ASSERT_TRUE(report.eta);
  EXPECT_NEAR(*reports.front().eta, 1505, 5);
  EXPECT_EQ(*reports.back().eta, 0);
  // This run is far faster than the past ones, which the ETA learns.
  for (const Progress& report : reports) {
    if (report.step == 2) {
      EXPECT_LT(*report.eta, 400) << "1000 s of 1500 are left at the old pace";
    }
    if (report.step == 4 && report.frame == 0) {
      EXPECT_LT(*report.eta, 150) << "500 s at the old pace";
    }
  }
}

TEST_F(RunTest, SaysNothingOfTheTimeLeftBeforeThereIsGround) {
  std::vector<Progress> reports;
  RunHooks hooks;
  hooks.progress = [&](const Progress& progress) { reports.push_back(progress); };
  generator_.run(make_plan(request_), hooks);
  EXPECT_FALSE(reports.front().eta);
}

}  // namespace
}  // namespace sora
