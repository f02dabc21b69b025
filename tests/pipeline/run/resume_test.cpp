// A run that stops at any point can continue, and gives the same bytes as an uninterrupted run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "pipeline/tiny_model.h"
#include "places.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using testing::HasSubstr;

class ResumeTest : public testing::Test {
 protected:
  void SetUp() override {
    request_.prompt = "a lighthouse";
    request_.res = "64x48";
    request_.frames = 9;
    request_.steps = 4;
    options_.file = folder_ / "kept" / "a.safetensors";
    options_.key = "k";
    options_.every = 1;
  }

  void use(const std::string& model) { request_.model = test_data() / "pipeline" / model; }

  // Long videos in windows need a model whose native length is short.
  void use_with_windows(const std::string& model) {
    request_.model = copy_tiny_model(folder_, model, R"({"native_frames": 13, "fps": 16})");
  }

  Result run(const RunHooks& hooks = {}) { return Generator().run(make_plan(request_), hooks); }

  // Ends the run at its n-th question whether to stop; false when it ended before that.
  bool stopped_at(int n, std::string* message = nullptr) {
    RunHooks hooks;
    hooks.checkpoint = options_;
    hooks.stop = [&] { return --n < 0; };
    try {
      run(hooks);
      return false;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::interrupted) << error.what();
      if (message != nullptr) *message = error.what();
      return true;
    }
  }

  // Stops at every point in turn, each run going on where the one before was, and compares the bytes.
  void expect_same_bytes_after_stops() {
    const std::string whole = run().sha256;
    RunHooks hooks;
    hooks.checkpoint = options_;
    for (int n = 1; n < 60; n += 3) {
      fs::remove_all(options_.file.parent_path());
      const bool stopped = stopped_at(n);
      const Result result = run(hooks);
      EXPECT_EQ(result.sha256, whole) << "stopped at question " << n;
      EXPECT_FALSE(fs::exists(options_.file)) << "the output is in place";
      if (!stopped) return;
    }
    ADD_FAILURE() << "the run never came to its end";
  }

  const TemporaryFolder folder_;
  Request request_ = seeded_request(folder_ / "a.mp4");
  CheckpointOptions options_;
};

TEST_F(ResumeTest, GivesTheSameBytesWithUniPC) {
  use("wan21");
  expect_same_bytes_after_stops();
}

TEST_F(ResumeTest, GivesTheSameBytesWithDPM) {
  use("wan21");
  request_.scheduler = "dpm++";
  expect_same_bytes_after_stops();
}

TEST_F(ResumeTest, GivesTheSameBytesWithEulerAndTwoExperts) {
  use("a14b");
  request_.scheduler = "euler";
  expect_same_bytes_after_stops();
}

TEST_F(ResumeTest, GivesTheSameBytesWithStepCaches) {
  use("wan21");
  request_.steps = 12;
  for (const char* cache : {"easy:0.4", "first-block:0.12"}) {
    SCOPED_TRACE(cache);
    request_.cache.reset();
    const std::string full = run().sha256;
    request_.cache = cache;
    EXPECT_NE(run().sha256, full) << "steps are skipped";
    expect_same_bytes_after_stops();
  }
}

TEST_F(ResumeTest, GivesTheSameBytesWithStepsThatTakeNoise) {
  use_with_windows("ti2v");
  request_.frames = 30;
  request_.sigmas = "1,0.757,0.522";
  request_.steps.reset();
  request_.scheduler = "lcm";
  expect_same_bytes_after_stops();
}

TEST_F(ResumeTest, GivesTheSameBytesOverWindows) {
  use_with_windows("ti2v");
  request_.frames = 30;
  request_.steps = 2;
  ASSERT_GT(make_plan(request_).timeline.windows.size(), 2U);
  expect_same_bytes_after_stops();
}

TEST_F(ResumeTest, GivesTheSameBytesOverWindowsThatAreHeldByReplacement) {
  use_with_windows("wan21");
  request_.frames = 30;
  request_.steps = 3;
  ASSERT_GT(make_plan(request_).timeline.windows.size(), 2U);
  expect_same_bytes_after_stops();
}

TEST_F(ResumeTest, GivesTheSameBytesOverTheFadeOfAStoryboard) {
  use_with_windows("ti2v");
  request_.verb = "storyboard";
  request_.prompt.clear();
  request_.shot = {"0:00 a lighthouse", "0:01 a red car"};
  request_.frames = 30;
  request_.steps = 2;
  ASSERT_GT(make_plan(request_).timeline.windows.size(), 2U);
  expect_same_bytes_after_stops();
}

TEST_F(ResumeTest, DoesNotDenoiseAgainWhatIsDone) {
  use("wan21");
  request_.steps = 8;
  ASSERT_TRUE(stopped_at(9));
  RunHooks hooks;
  hooks.checkpoint = options_;
  std::vector<int> steps;
  hooks.progress = [&](const Progress& p) {
    if (p.phase == Phase::denoise) steps.push_back(p.step);
  };
  run(hooks);
  ASSERT_GT(steps.size(), 1U);
  EXPECT_GE(steps[1], 3) << "the first step that is reported";
  EXPECT_EQ(steps.back(), 8);
}

TEST_F(ResumeTest, SaysHowToGoOn) {
  use("wan21");
  std::string message;
  ASSERT_TRUE(stopped_at(6, &message));
  EXPECT_THAT(message, HasSubstr("run the same command with --seed 7 to continue"));
  options_.file = folder_ / ".sora-gen" / "a.safetensors";  // of a batch, which gives it the same seed again
  ASSERT_TRUE(stopped_at(6, &message));
  EXPECT_THAT(message, HasSubstr("run the same command to continue"));
}

TEST_F(ResumeTest, DoesNotTakeUpAnotherJob) {
  use("wan21");
  const std::string whole = run().sha256;
  ASSERT_TRUE(stopped_at(6));
  RunHooks hooks;
  hooks.checkpoint = options_;
  hooks.checkpoint.key = "another";
  EXPECT_EQ(run(hooks).sha256, whole);
}

TEST_F(ResumeTest, StartsAnewWhenWhatWasKeptIsDamaged) {
  use("wan21");
  const std::string whole = run().sha256;
  ASSERT_TRUE(stopped_at(6));
  fs::resize_file(options_.file, fs::file_size(options_.file) - 5);
  RunHooks hooks;
  hooks.checkpoint = options_;
  EXPECT_EQ(run(hooks).sha256, whole);
}

TEST_F(ResumeTest, KeepsTheLatentsWhenTheOutputFailsAndDecodesThem) {
  use("wan21");
  const std::string whole = run().sha256;
  fs::remove(*request_.output);
  // The output's folder goes away while the video is made.
  const fs::path gone = folder_ / "gone";
  fs::create_directory(gone);
  const std::string wanted = *request_.output;
  request_.output = (gone / "a.mp4").string();
  RunHooks hooks;
  hooks.checkpoint = options_;
  hooks.checkpoint.every.reset();  // the automatic way
  hooks.progress = [&](const Progress& p) {
    if (p.phase == Phase::decode) fs::remove_all(gone);
  };
  try {
    run(hooks);
    ADD_FAILURE() << "expected a failure";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("sora-gen decode " + options_.file.string()));
  }
  ASSERT_TRUE(fs::exists(options_.file));
  request_.output = wanted;
  RunHooks decode;
  decode.checkpoint.file = options_.file;
  decode.checkpoint.only_decode = true;
  EXPECT_EQ(run(decode).sha256, whole);
  EXPECT_TRUE(fs::exists(options_.file)) << "it is not ours to remove";
}

TEST_F(ResumeTest, DecodesOnlyWhatIsAllDenoised) {
  use("wan21");
  ASSERT_TRUE(stopped_at(6));
  RunHooks decode;
  decode.checkpoint.file = options_.file;
  decode.checkpoint.only_decode = true;
  try {
    run(decode);
    ADD_FAILURE() << "expected a failure";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_THAT(error.what(), HasSubstr("0 of 1 window is denoised"));
  }
}

TEST_F(ResumeTest, KeepsNothingOfAShortJobOrWhenToldNotTo) {
  use("wan21");
  options_.every = 0;
  ASSERT_TRUE(stopped_at(6));
  EXPECT_FALSE(fs::exists(options_.file));
  options_.every.reset();
  ASSERT_TRUE(stopped_at(6));
  EXPECT_FALSE(fs::exists(options_.file));
}

}  // namespace
}  // namespace sora
