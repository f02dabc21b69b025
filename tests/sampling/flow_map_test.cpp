// The noise levels of flow maps against diffusers (scripts/goldens/anyflow.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sampling/golden.h"
#include "sampling/scheduler.h"
#include "temporary_folder.h"

namespace sora {
namespace {

SchedulerConfig flow_map_config(const std::string& class_name) {
  const TemporaryFolder folder;
  std::ofstream(folder / "scheduler_config.json")
      << "{\"_class_name\": \"" << class_name << "\", \"num_train_timesteps\": 1000, \"shift\": 5.0}";
  return read_scheduler_config(folder / "scheduler_config.json");
}

TEST(FlowMapScheduler, IsReadUnderBothOfItsNames) {
  for (const char* name : {"FlowMapEulerDiscreteScheduler", "FlowMapDiscreteScheduler"}) {
    const SchedulerConfig config = flow_map_config(name);
    EXPECT_EQ(config.scheduler, "euler");
    EXPECT_EQ(config.flow_shift, 5);
    EXPECT_TRUE(config.flow_map && config.even_levels && config.use_flow_sigmas);
  }
  EXPECT_FALSE(flow_map_config("FlowMatchEulerDiscreteScheduler").flow_map);
}

TEST(FlowMapScheduler, LevelsAndTargetsEqualThoseOfDiffusersToTheBit) {
  const SafetensorsFile file(test_data() / "anyflow/schedules.safetensors");
  const SchedulerConfig config = flow_map_config("FlowMapEulerDiscreteScheduler");
  int compared = 0;
  for (const auto& [name, info] : file.tensors()) {
    if (!name.ends_with(".timesteps")) continue;
    SCOPED_TRACE(name);
    int steps = 0, shift = 0;
    char point = 0;
    std::istringstream(name) >> steps >> point >> shift;
    const auto scheduler = make_scheduler("euler", config, steps, shift);
    const std::string run = std::to_string(steps) + "." + std::to_string(shift);
    // The target of each step is the beginning of the next one, and 0 for the last.
    const at::Tensor timesteps = golden_tensor(file, run + ".timesteps");  // [N + 1]
    EXPECT_TRUE(at::equal(scheduler->timesteps(), timesteps.slice(0, 0, steps)));
    EXPECT_TRUE(at::equal(scheduler->sigmas(), golden_tensor(file, run + ".sigmas")));
    for (int i = 0; i < steps; ++i) EXPECT_EQ(scheduler->next_timestep(i), timesteps[i + 1].item<double>());
    ++compared;
  }
  EXPECT_EQ(compared, 18);
}

}  // namespace
}  // namespace sora
