// Gives gpu_check the simulated device of tests/device, as "sim", for scripts/gpu-check --simulate.
#include "simulated_device.h"

namespace {

[[maybe_unused]] const bool registered = (sora::sim::register_device(), true);

}  // namespace
