// Estimates of how long a run will take, from the times of past runs.
#include "plan/machine/pace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

class PaceTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("XDG_CACHE_HOME", cache_.c_str(), 1);
    ::setenv("SORA_GEN_LOADAVG", "/dev/null", 1);
    plan_.model.name = "large";
    plan_.model.weight_bytes = 1000;
    plan_.model.transformer_dim = 1536;
    plan_.sampling.steps = 20;
    plan_.sampling.guidance = 5;
    plan_.timeline.latent_frames = 5;
    plan_.picture.latent_width = plan_.picture.latent_height = 32;
    plan_.timeline.windows = {{0, 5, 0}};
    plan_.timeline.frames = plan_.timeline.model_frames = 17;
    plan_.picture.model_width = plan_.picture.model_height = plan_.picture.width = plan_.picture.height = 256;
    plan_.output.codec = "h264";
    plan_.machine.device = "cpu";
    plan_.machine.dtype = "float32";
    plan_.machine.threads = 2;
    result_.load_seconds = 3;
    result_.step_seconds = 40;
    result_.frame_seconds = 8.5;
  }
  void TearDown() override {
    ::unsetenv("XDG_CACHE_HOME");
    ::unsetenv("SORA_GEN_LOADAVG");
  }

  static std::optional<Pace> pace_of(Plan plan) {
    estimate_pace(plan);
    EXPECT_EQ(plan.machine.pace.has_value(), plan.machine.seconds_estimate.has_value());
    return plan.machine.pace;
  }
  template <class Change>
  std::optional<Pace> pace_with(Change&& change) const {
    Plan plan = plan_;
    change(plan);
    return pace_of(plan);
  }

  const TemporaryFolder folder_;
  const fs::path cache_ = folder_ / "cache";  // created by the first write
  Plan plan_;
  Result result_;
};

TEST_F(PaceTest, ThereIsNoEstimateWithoutGround) {
  EXPECT_FALSE(pace_of(plan_));
  remember_pace(plan_, result_);
  ASSERT_TRUE(pace_of(plan_));
  EXPECT_FALSE(pace_with([](Plan& p) { p.model.name = "other"; }));
  EXPECT_FALSE(pace_with([](Plan& p) { p.model.weight_bytes = 1001; }));
  EXPECT_FALSE(pace_with([](Plan& p) { p.machine.device = "cuda"; }));
  EXPECT_FALSE(pace_with([](Plan& p) { p.machine.dtype = "bfloat16"; }));
  EXPECT_FALSE(pace_with([](Plan& p) { p.machine.threads = 1; }));
  EXPECT_FALSE(pace_with([](Plan& p) { p.output.codec = "av1"; }));
  EXPECT_FALSE(pace_with([](Plan& p) { p.picture.latent_width = p.picture.latent_height = 256; }))
      << "far more work";
}

TEST_F(PaceTest, TheSameRunTakesWhatItTook) {
  remember_pace(plan_, result_);
  const auto pace = pace_of(plan_);
  ASSERT_TRUE(pace);
  EXPECT_NEAR(pace->load, 3, 1e-9);
  EXPECT_NEAR(pace->steps, 40, 1e-9);
  EXPECT_NEAR(pace->frames, 8.5, 1e-9);
  EXPECT_EQ(pace->runs, 1);
}

TEST_F(PaceTest, OthersAreScaledByTheirWork) {
  remember_pace(plan_, result_);
  EXPECT_NEAR(pace_with([](Plan& p) { p.sampling.steps = 40; })->steps, 80, 1e-9);
  EXPECT_NEAR(pace_with([](Plan& p) { p.sampling.guidance = 1; })->steps, 20, 1e-9)
      << "one pass instead of two";
  EXPECT_NEAR(pace_with([](Plan& p) { p.timeline.frames = p.timeline.model_frames = 34; })->frames, 17, 1e-9);
  const auto larger = pace_with([](Plan& p) {
    p.picture.latent_width = 64;
    p.picture.model_width = p.picture.width = 512;
  });
  ASSERT_TRUE(larger);
  EXPECT_GT(larger->steps, 80) << "attention grows with the square";
  EXPECT_LT(larger->steps, 160);
  EXPECT_NEAR(larger->frames, 17, 1e-9);
  const auto windows = pace_with([](Plan& p) {
    p.timeline.windows = {{0, 5, 0}, {3, 5, 2}};
    p.timeline.latent_frames = 8;
    p.timeline.frames = p.timeline.model_frames = 29;
  });
  ASSERT_TRUE(windows);
  EXPECT_NEAR(windows->steps, 80, 1e-9);
}

TEST_F(PaceTest, NewRunsWeighMoreThanOldOnes) {
  for (int i = 0; i < 20; ++i) remember_pace(plan_, result_);
  result_.step_seconds = 80;
  for (int i = 0; i < 8; ++i) remember_pace(plan_, result_);
  const auto pace = pace_of(plan_);
  EXPECT_NEAR(pace->steps, 80, 5);
  EXPECT_EQ(pace->runs, 28);
}

TEST_F(PaceTest, AModelThatWasThereAlreadySaysNothingOfLoading) {
  remember_pace(plan_, result_);
  result_.load_seconds = 0;
  remember_pace(plan_, result_);
  EXPECT_NEAR(pace_of(plan_)->load, 3, 1e-9);
}

TEST_F(PaceTest, ADamagedFileIsBegunAnew) {
  for (const char* text :
       {"", "{", "[]", "null", R"({"format": 2})", R"({"format": 1, "paces": 7})", "{\"format\": \"one\"}"}) {
    SCOPED_TRACE(text);
    fs::create_directories(cache_ / "sora-gen");
    std::ofstream(pace_file()) << text;
    EXPECT_FALSE(pace_of(plan_));
    remember_pace(plan_, result_);
    EXPECT_TRUE(pace_of(plan_));
  }
}

TEST_F(PaceTest, ValuesThatMakeNoSenseAreIgnored) {
  remember_pace(plan_, result_);
  std::string text(4096, '\0');
  std::ifstream in(pace_file());
  in.read(text.data(), 4096);
  text.resize(static_cast<std::size_t>(in.gcount()));
  for (const char* number : {"-1", "\"fast\"", "null", "1e999"}) {
    std::string damaged = text;
    for (std::size_t at = 0; (at = damaged.find("\"mean\": ", at)) != std::string::npos;) {
      at += 8;
      damaged.replace(at, damaged.find_first_of(",\n}", at) - at, number);
    }
    ASSERT_NE(damaged, text);
    std::ofstream(pace_file()) << damaged;
    EXPECT_FALSE(pace_of(plan_)) << number;
  }
}

TEST_F(PaceTest, TheFileStaysSmall) {
  for (int i = 0; i < 42; ++i) {
    plan_.model.name = "model" + std::to_string(i);
    remember_pace(plan_, result_);
  }
  EXPECT_TRUE(pace_of(plan_));
  plan_.model.name = "model0";
  EXPECT_FALSE(pace_of(plan_)) << "the oldest goes";
}

TEST_F(PaceTest, RelativeCacheFoldersAreIgnored) {
  ::setenv("XDG_CACHE_HOME", "cache", 1);
  const char* home = std::getenv("HOME");
  const std::string before = home == nullptr ? "" : home;
  ::setenv("HOME", "/home/someone", 1);
  EXPECT_EQ(pace_file(), "/home/someone/.cache/sora-gen/pace.json");
  ::setenv("HOME", before.c_str(), 1);
}

}  // namespace
}  // namespace sora
