// An estimate knows what else the machine does.
#include "plan/machine/machine_load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "places.h"
#include "plan/machine/pace.h"
#include "temporary_folder.h"

namespace sora {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MachineLoad, IsWhatWantsAProcessorNowAndLately) {
  EXPECT_EQ(other_threads("2.00 1.50 1.00 4/300 123\n"), 2) << "of the last minute";
  EXPECT_EQ(other_threads("9.00 1.50 1.00 3/300 123\n"), 2) << "what has ended does not count, nor do we";
  EXPECT_EQ(other_threads("0.10 0.00 0.00 9/300 123\n"), 0.1) << "what has just begun may end at once";
  EXPECT_EQ(other_threads("0.50 0.00 0.00 1/300 123\n"), 0) << "nobody but us";
  for (const char* text :
       {"", "x", "1.0", "1.0 2.0", "a b c d/e f", "/", "1.0 /", "nan 1 1 2/3 4", "1.0 0 0 x/9 1"})
    EXPECT_EQ(other_threads(text), 0) << text;
}

TEST(MachineLoad, SlowsWhatFindsNoFreeProcessor) {
  EXPECT_EQ(slowdown_beside(0, 2, 2), 1);
  EXPECT_EQ(slowdown_beside(2, 2, 2), 2) << "half of each";
  EXPECT_EQ(slowdown_beside(2, 2, 8), 1) << "there is room";
  EXPECT_EQ(slowdown_beside(6, 2, 4), 2);
  EXPECT_EQ(slowdown_beside(0, 16, 4), 1) << "too many threads of our own are learnt with the pace";
}

class LoadedMachine : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    ::setenv("SORA_GEN_LOADAVG", (folder_ / "loadavg").c_str(), 1);
    set_others(0);
    Request request;
    request.model = (source_folder() / "models/default").string();
    request.prompt = "a red balloon";
    request.device = "cpu";
    request.threads = cores_;
    plan_ = make_plan(request);
    result_.load_seconds = 10;
    result_.step_seconds = 80;
    result_.frame_seconds = 10;
  }
  void TearDown() override {
    ::unsetenv("XDG_CACHE_HOME");
    ::unsetenv("SORA_GEN_LOADAVG");
  }
  void set_others(int threads) {
    std::ofstream(folder_ / "loadavg") << threads << ".00 0.00 0.00 " << threads + 1 << "/300 123\n";
  }
  double estimate() {
    estimate_pace(plan_);
    return plan_.machine.seconds_estimate.value_or(0);
  }

  const int cores_ = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  const TemporaryFolder folder_;
  Plan plan_;
  Result result_;
};

TEST_F(LoadedMachine, TakesLonger) {
  estimate();
  remember_pace(plan_, result_);
  EXPECT_NEAR(estimate(), 100, 1e-6);
  EXPECT_THAT(plan_text(plan_), Not(HasSubstr("other programs")));
  set_others(cores_);
  EXPECT_NEAR(estimate(), 200, 1e-6);
  EXPECT_THAT(
      plan_text(plan_),
      HasSubstr("about 3 min, from 1 run here; other programs are at work here, without them about 100 s"));
  plan_.machine.device = "cuda";
  estimate_pace(plan_);
  EXPECT_EQ(plan_.machine.slowdown, 1) << "a GPU does the work";
}

TEST_F(LoadedMachine, IsNotTakenForTheUsualOne) {
  set_others(cores_);
  estimate();
  remember_pace(plan_, result_);
  EXPECT_NEAR(estimate(), 100, 1e-6) << "the same again takes as long";
  set_others(0);
  EXPECT_NEAR(estimate(), 50, 1e-6);
}

}  // namespace
}  // namespace sora
