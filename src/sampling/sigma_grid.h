// The noise levels of a run and the timesteps that the network is given, bit for bit those of diffusers
// 0.42.1. (Versions up to 0.35 had another flow grid for UniPC: same shift, levels from 0.999 down.)
#pragma once

#include <ATen/ATen.h>

#include "sampling/config/scheduler_config.h"

namespace sora {

/// Both on the CPU. N is the number of steps.
struct SigmaGrid {
  at::Tensor timesteps;  ///< [N] int64 (UniPC, DPM-Solver++) or float32 (Euler)
  at::Tensor sigmas;     ///< [N + 1] float32, falling; the last one is where the run ends
};

/// UniPCMultistepScheduler: flow sigmas, Karras levels turned into flow sigmas, or variance-preserving ones.
SigmaGrid unipc_grid(const SchedulerConfig& config, std::int64_t steps, double flow_shift);

/// DPMSolverMultistepScheduler: flow sigmas or variance-preserving ones.
SigmaGrid dpmpp_grid(const SchedulerConfig& config, std::int64_t steps, double flow_shift);

/// FlowMatchEulerDiscreteScheduler or FlowMapEulerDiscreteScheduler built with shift = flow_shift.
SigmaGrid euler_grid(const SchedulerConfig& config, std::int64_t steps, double flow_shift);

}  // namespace sora
