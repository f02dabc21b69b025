// Devices by name, by rank and by what they can do: chosen, counted, asked for their memory, and refused.
#include "plan/machine/devices.h"

#include <ATen/Context.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "device_case.h"
#include "error_of.h"
#include "jobs/rank.h"
#include "nn/device.h"
#include "nn/device_check.h"
#include "plan/machine/machine.h"
#include "sampling/guidance.h"
#include "sora/error.h"

namespace sora {
namespace {

using testing::HasSubstr;

class Devices : public DeviceCase {};

TEST_F(Devices, ANumberBeyondTheLastDeviceIsAUsageError) {
  Request asked = request("wan21");
  for (const char* name : {"sim:2", "sim:7"}) {
    asked.device = name;
    test::expect_error([&] { make_plan(asked); }, ErrorKind::usage, "sim:0 to sim:1");
    test::expect_error([&] { make_placement(name, ""); }, ErrorKind::usage, "sim:0 to sim:1");
  }
  for (const char* name : {"sim:", "sim:x", "sim:-1", "gpu", "gpu:0", ""}) {
    asked.device = name;
    EXPECT_THROW(make_plan(asked), Error) << name;
    test::expect_error([&] { make_placement(name, ""); }, ErrorKind::usage, "is not a device");
  }
  asked.device = "sim:1";
  EXPECT_EQ(make_plan(asked).machine.device, "sim:1");
}

TEST_F(Devices, ANameWithoutANumberIsTheFirstDevice) {
  Request asked = request("wan21");
  asked.device = "sim";
  EXPECT_EQ(make_plan(asked).machine.device, "sim:0");
  const at::Device device = make_placement("sim", "").device;
  EXPECT_EQ(device, at::Device(at::kPrivateUse1, 0));
  EXPECT_TRUE(device.has_index()) << "what is kept by device must find it again";
}

TEST_F(Devices, ProcessesOfOneMachineTakeADeviceEach) {
  ::setenv("RANK", "5", 1);
  ::setenv("WORLD_SIZE", "8", 1);
  for (const auto& [local, device] :
       {std::pair("0", "sim:0"), {"1", "sim:1"}, {"2", "sim:0"}, {"", "sim:1"}}) {
    ::setenv("LOCAL_RANK", local, 1);
    Request base;
    base.device = "sim";
    EXPECT_EQ(take_rank(base).index, 6U);
    EXPECT_EQ(base.device, device) << local;
    base.device = "sim:0";
    (void)take_rank(base);
    EXPECT_EQ(base.device, "sim:0") << "named by the user";
    base.device = "cpu";
    (void)take_rank(base);
    EXPECT_EQ(base.device, "cpu");
  }
  for (const char* name : {"RANK", "WORLD_SIZE", "LOCAL_RANK"}) ::unsetenv(name);
}

TEST_F(Devices, BackEndsAreLoadedBeforeTheFirstRunEvenOnTheCpu) {
  const int before = sim::loads();
  const Generator generator;
  EXPECT_GT(sim::loads(), before);
}

TEST_F(Devices, TheMemoryOfADeviceDecidesHowItIsUsed) {
  Request asked = request("wan21");
  asked.device = "sim";
  asked.dtype.reset();
  EXPECT_EQ(make_plan(asked).machine.free_gb, 0) << "not known";
  const double needed = make_plan(asked).machine.peak_memory_gb;
  sim::set_memory(static_cast<std::int64_t>(needed * 1.05e9));
  const Plan fits = make_plan(asked);
  EXPECT_GT(fits.machine.free_gb, needed);
  EXPECT_EQ(fits.machine.offload, "none");
  sim::set_memory(static_cast<std::int64_t>(needed * 0.5e9));
  test::expect_error([&] { make_plan(asked); }, ErrorKind::unavailable, "are free on sim:0");
}

TEST_F(Devices, WhenItsMemoryEndsTheMessageSaysHowToSaveIt) {
  Request asked = request("wan21");
  for (const auto& [offload, advice] :
       {std::pair("none", "try --offload stored or stream"), std::pair("stored", "try --offload stream"),
        std::pair("stream", "smaller --res")}) {
    SCOPED_TRACE(offload);
    asked.device = "sim";
    asked.offload = offload;
    const Plan plan = make_plan(asked);
    sim::set_memory(50'000);
    Generator generator;
    test::expect_error([&] { generator.run(plan); }, ErrorKind::unavailable, advice);
    sim::set_memory(0);
  }
}

TEST_F(Devices, AreTestedByAProductAttentionAConvolutionAndCopies) {
  std::vector<std::string> names;
  for (const DeviceTest& test : check_device("sim:1")) {
    EXPECT_EQ(test.problem, "") << test.name;
    EXPECT_GT(test.rate, 0) << test.name;
    names.push_back(test.name);
  }
  EXPECT_THAT(names, testing::ElementsAre("product", "attention", "convolution", "copy to it", "copy back"));
  EXPECT_EQ(check_device("cpu").size(), 3U) << "which copies nothing";
  for (const DeviceTest& test : check_device("cpu")) EXPECT_EQ(test.problem, "") << test.name;

  sim::set_memory(1'500'000);  // enough for an attention
  std::size_t failed = 0;
  for (const DeviceTest& test : check_device("sim")) failed += test.problem.empty() ? 0 : 1;
  EXPECT_GE(failed, 2U);
  EXPECT_THAT(check_device("sim:9")[0].problem, HasSubstr("sim:0 to sim:1"));
}

TEST_F(Devices, Float32MeansAllBits) {
  at::globalContext().setAllowTF32CuDNN(true);
  at::globalContext().setAllowTF32CuBLAS(true);
  (void)make_placement("sim", "float32");
  EXPECT_FALSE(at::globalContext().allowTF32CuDNN());
  EXPECT_FALSE(at::globalContext().allowTF32CuBLAS());
  (void)make_placement("sim", "bfloat16");
  EXPECT_TRUE(at::globalContext().allowTF32CuDNN());
  EXPECT_FALSE(at::globalContext().allowTF32CuBLAS());
}

TEST_F(Devices, GuidanceIsCombinedInFloat32) {
  const at::Tensor uncond = at::full({4}, 1.0).to(at::kBFloat16);
  const at::Tensor cond = at::full({4}, 1.0078125).to(at::kBFloat16);
  const at::Tensor made = guided(cond, uncond, 1.3);
  EXPECT_EQ(made.scalar_type(), at::kFloat);
  EXPECT_NEAR(made[0].item<double>(), 1 + 1.3 * 0.0078125, 1e-6);
}

TEST(DeviceChoice, AutoTakesTheFirstDeviceThatWorksAndElseTheCpuWithAWarning) {
  const auto planned = [](bool driver, std::vector<DeviceFacts> found) {
    MachineFacts facts{driver, 4, 8, std::move(found)};
    Plan plan;
    plan_machine(plan, facts);
    return plan;
  };
  const DeviceFacts first{"cuda:0", "NVIDIA GPU", 20'000'000'000, 24'000'000'000};
  EXPECT_EQ(planned(true, {first}).machine.device, "cuda:0");
  EXPECT_EQ(planned(true, {first}).machine.free_gb, 20);
  EXPECT_EQ(planned(true, {first}).machine.dtype, "bfloat16");
  EXPECT_TRUE(planned(true, {first}).warnings.empty());

  const Plan fallen_back = planned(true, {});
  EXPECT_EQ(fallen_back.machine.device, "cpu");
  EXPECT_EQ(fallen_back.machine.dtype, "float32");
  EXPECT_THAT(fallen_back.warnings, testing::ElementsAre(HasSubstr("CUDA can use no device")));

  EXPECT_EQ(planned(false, {}).machine.device, "cpu");
  EXPECT_TRUE(planned(false, {}).warnings.empty());
}

}  // namespace
}  // namespace sora
