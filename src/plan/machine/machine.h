// Device, number type and threads of a plan.
#pragma once

#include <optional>
#include <vector>

#include "plan/machine/devices.h"
#include "sora/plan.h"

namespace sora {

/// Facts about this machine that plans need; read once.
struct MachineFacts {
  bool cuda_driver = false;
  int cores = 1;
  double memory_gb = 0;                             ///< free
  std::optional<std::vector<DeviceFacts>> devices;  ///< asked for by the first plan that needs them
};

MachineFacts machine_facts();

/// Sets device, free_gb, dtype and threads of plan.machine; warns where --device auto finds a driver but no
/// device that can be used. Throws Error (usage).
void plan_machine(Plan& plan, MachineFacts& facts);

}  // namespace sora
