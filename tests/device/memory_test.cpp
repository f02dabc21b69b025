// The plan says how much of a device's memory a run needs.
#include <gtest/gtest.h>

#include "device_case.h"
#include "places.h"

namespace sora {
namespace {

constexpr double kContext = 0.6e9;  // of CUDA, which the plan counts

class DeviceMemory : public DeviceCase {};

TEST_F(DeviceMemory, IsAboutWhatThePlanSays) {
  for (const char* dtype : {"float32", "bfloat16"}) {
    for (const char* way : {"none", "text", "stored", "stream"}) {
      Request asked = request("wan21");
      asked.model = (source_folder() / "models/default").string();
      asked.prompt = "a red ball by the sea";
      asked.res.reset();
      asked.dump_tensors.reset();
      asked.frames = 17;
      asked.dtype = dtype;
      asked.offload = way;
      sim::reset_counters();
      const Made made = made_on("sim", asked);
      const double planned = made.plan.machine.peak_memory_gb * 1e9 - kContext;
      printf("%s %s: planned %.2f MB, measured %.2f MB, ratio %.3f;", dtype, way, planned / 1e6,
             made.counters.peak_bytes / 1e6, made.counters.peak_bytes / planned);
      for (const auto& phase : made.plan.machine.memory)
        printf(" %s %.2f", phase.phase.c_str(), phase.device * 1e3 - 600);
      printf("\n");
    }
  }
}

}  // namespace
}  // namespace sora
