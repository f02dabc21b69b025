// The plan says how much of a device's memory a run needs, for every way to save memory.
#include <gtest/gtest.h>

#include "device_case.h"
#include "places.h"

namespace sora {
namespace {

constexpr double kContext = 0.6e9;  // of CUDA, which the plan counts

class DeviceMemory : public DeviceCase {
 protected:
  Request asked_of_default_model() {
    Request asked = request("wan21");
    asked.model = (source_folder() / "models/default").string();
    // As long as the plan assumes.
    for (int i = 0; i < 45; ++i) asked.prompt += " a red ball by the sea";
    asked.res.reset();
    asked.dump_tensors.reset();
    asked.frames = 9;
    return asked;
  }
};

TEST_F(DeviceMemory, IsWithinTenPercentOfThePlan) {
  for (const char* dtype : {"float32", "bfloat16"}) {
    for (const char* way : {"none", "text", "stored", "stream"}) {
      Request asked = asked_of_default_model();
      asked.dtype = dtype;
      asked.offload = way;
      const std::int64_t before = sim::counters().bytes;
      const Made made = made_on("sim", asked);
      const double planned = made.plan.machine.peak_memory_gb * 1e9 - kContext;
      const double measured = static_cast<double>(made.counters.peak_bytes - before);
      std::printf("%s %s: planned %.1f MB, measured %.1f MB\n", dtype, way, planned / 1e6, measured / 1e6);
      EXPECT_LT(measured, 1.1 * planned) << dtype << " " << way;
      // A stream may have less in flight than it may have.
      EXPECT_GT(measured, (std::string(way) == "stream" ? 0.8 : 0.9) * planned) << dtype << " " << way;
    }
  }
}

TEST_F(DeviceMemory, StreamingNeedsLessThanStoringAndThatLessThanWidening) {
  std::vector<std::int64_t> peaks;
  for (const char* way : {"text", "stored", "stream"}) {
    Request asked = asked_of_default_model();
    asked.dtype = "float32";
    asked.offload = way;
    RunHooks hooks;
    std::int64_t peak = 0;
    hooks.progress = [&](const Progress& progress) {
      if (progress.phase == Phase::denoise && progress.step == 0) sim::reset_counters();
      if (progress.phase == Phase::denoise) peak = sim::counters().peak_bytes;
    };
    (void)made_on("sim", asked, nullptr, hooks);
    peaks.push_back(peak);
  }
  EXPECT_LT(peaks[1], peaks[0] - 6'000'000);  // of 17.7 MB of weights, half
  EXPECT_LT(peaks[2], peaks[1] - 2'000'000);
}

}  // namespace
}  // namespace sora
