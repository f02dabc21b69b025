#include "nn/cuda/launcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/log.h"
#include "nn/cuda/emulated_driver.h"
#include "nn/norm.h"
#include "temporary_folder.h"

namespace sora::nn::cuda {
namespace {

// Wrong in every row.
const emulated::KernelSet& faulty_shuffles() {
  for (const emulated::KernelSet& set : emulated::faulty_kernels()) {
    if (std::string(set.fault).find("shuffle") != std::string::npos) return set;
  }
  throw std::logic_error("no such fault");
}

class GivingUp : public testing::Test {
 protected:
  GivingUp() {
    set_log_sink([this](LogLevel level, const std::string& text) {
      if (level == LogLevel::warning) warnings.push_back(text);
    });
    at::manual_seed(1);
    x = at::randn({5, 24});
    norm = LayerNorm(24, 1e-6);
    expected = at::layer_norm(x, {24}, {}, {}, 1e-6);
  }
  ~GivingUp() override { set_log_sink({}); }

  // Twice: once with the comparison, once after it.
  void expect_the_numbers_of_aten() const {
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(at::allclose(norm(x), expected, 1e-5, 1e-6));
  }

  std::vector<std::string> warnings;
  at::Tensor x, expected;
  LayerNorm norm;
  EmulatedTools tools;
  std::unique_ptr<Launcher> launcher = make_emulated_launcher(tools);
  Launcher::Replaced replaced{*launcher};
};

TEST_F(GivingUp, IsNotNeededWhereAllIsWell) {
  expect_the_numbers_of_aten();
  EXPECT_EQ(tools.launched, 2);
  EXPECT_EQ(tools.compiled, 1);
  EXPECT_THAT(warnings, testing::IsEmpty());
}

TEST_F(GivingUp, OnAKernelThatDoesNotCompileWarnsOnce) {
  tools.refuses_to_compile = true;
  expect_the_numbers_of_aten();
  EXPECT_FALSE(launcher->is_on());
  EXPECT_THAT(warnings, testing::ElementsAre(testing::HasSubstr("a word that is not C++")));
}

TEST_F(GivingUp, OnALaunchThatFailsWarnsOnce) {
  tools.refuses_to_launch = true;
  expect_the_numbers_of_aten();
  EXPECT_THAT(warnings, testing::ElementsAre(testing::HasSubstr("the launch was refused")));
}

TEST_F(GivingUp, OnALaunchThatFailsLaterWarnsOnce) {
  expect_the_numbers_of_aten();
  tools.refuses_to_launch = true;
  expect_the_numbers_of_aten();
  EXPECT_THAT(warnings, testing::ElementsAre(testing::HasSubstr("the launch was refused")));
}

TEST_F(GivingUp, OnWrongNumbersGivesTheRightOnesAndWarnsOnce) {
  tools.set = &faulty_shuffles();
  expect_the_numbers_of_aten();
  EXPECT_EQ(tools.launched, 1);
  EXPECT_THAT(warnings, testing::ElementsAre(testing::HasSubstr("wrong numbers")));
}

TEST_F(GivingUp, WaitsForNumbersThatCanBeCompared) {
  const at::Tensor infinite = at::full({5, 24}, INFINITY);
  (void)norm(infinite);
  EXPECT_TRUE(launcher->is_on());
  tools.set = &faulty_shuffles();
  expect_the_numbers_of_aten();
  EXPECT_FALSE(launcher->is_on());
}

TEST_F(GivingUp, OtherDevicesAndTypesAreNotTaken) {
  (void)norm(x.to(at::kDouble));
  Launcher for_cuda(
      at::kCUDA, [] { return Launcher::Tools(); }, BinaryCache({}));
  EXPECT_FALSE(for_cuda.takes(x));
  EXPECT_EQ(tools.launched, 0);
}

TEST_F(GivingUp, IsAskedForByTheEnvironment) {
  ::setenv("SORA_GEN_FUSED", "off", 1);
  const auto off = make_emulated_launcher(tools);
  ::unsetenv("SORA_GEN_FUSED");
  EXPECT_FALSE(off->takes(x));
  EXPECT_THAT(warnings, testing::IsEmpty());
}

TEST_F(GivingUp, AKernelIsCompiledOnceForAllProcesses) {
  const TemporaryFolder folder;
  for (int process = 0; process < 2; ++process) {
    const auto fresh = make_emulated_launcher(tools, folder / "kernels");
    const Launcher::Replaced here(*fresh);
    expect_the_numbers_of_aten();
  }
  EXPECT_EQ(tools.compiled, 1);
  EXPECT_EQ(tools.loaded, 2);
}

TEST_F(GivingUp, AKeptKernelThatTheDriverRefusesIsCompiledAgain) {
  const TemporaryFolder folder;
  for (int process = 0; process < 2; ++process) {
    const auto fresh = make_emulated_launcher(tools, folder / "kernels");
    const Launcher::Replaced here(*fresh);
    expect_the_numbers_of_aten();
    for (const auto& file : std::filesystem::directory_iterator(folder / "kernels")) {
      const std::string name = file.path().stem();
      BinaryCache(folder / "kernels").keep(name, "of an older driver");
    }
    tools.refused_binary = "of an older driver";
  }
  EXPECT_EQ(tools.compiled, 2);
  EXPECT_THAT(warnings, testing::IsEmpty());
}

}  // namespace
}  // namespace sora::nn::cuda
