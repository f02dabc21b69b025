// Which device computes a plan, in which type, on how many threads.
#pragma once

#include "sora/plan.h"

namespace sora {

/// What plans need to know of the machine; asked once.
struct MachineFacts {
  bool cuda = false;
  int cores = 1;
  double memory_gb = 0;  ///< free
};

MachineFacts machine_facts();

/// Sets device, dtype and threads of plan.machine. Throws Error (usage).
void plan_machine(Plan& plan, const MachineFacts& machine);

}  // namespace sora
