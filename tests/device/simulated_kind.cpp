// The simulated device as the program sees it: one more kind beside cuda, which no program but this test has.
#include <atomic>

#include "plan/machine/devices.h"
#include "simulated_machine.h"
#include "weights/device_traits.h"

namespace sora::sim {
namespace {

std::atomic<int> asked{0};

}  // namespace

void register_device() {
  register_device_kind({"sim",
                        "simulated device",
                        kType,
                        {.own_memory = true, .queues_work = true, .pinned_memory = true, .bfloat16 = true},
                        [] { return true; },
                        [] {
                          ++asked;
                          return kDevices;
                        },
                        [](at::Device) { return true; }});
  add_device_kind("sim");
}

int loads() { return asked; }

}  // namespace sora::sim
