// Device, number type and threads of a plan.
#pragma once

#include "sora/plan.h"

namespace sora {

/// Facts about this machine that plans need; read once.
struct MachineFacts {
  bool cuda = false;
  int cores = 1;
  double memory_gb = 0;  ///< free
};

MachineFacts machine_facts();

/// Sets device, dtype and threads. Throws Error (usage).
void plan_machine(Machine& machine, const Request& request, const MachineFacts& facts);

}  // namespace sora
