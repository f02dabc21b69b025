// The devices of this machine, for plans.
#pragma once

#include <vector>

#include "plan/machine/devices.h"

namespace sora {

/// The devices besides the CPU that can be used. Loads their back ends.
std::vector<DeviceFacts> read_device_facts();

/// Lets plans that are made in this process ask read_device_facts().
void use_own_device_probe();

}  // namespace sora
