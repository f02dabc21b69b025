// Euler's method along the flow, as FlowMatchEulerDiscreteScheduler in diffusers 0.42.1.
#pragma once

#include "sampling/scheduler.h"

namespace sora {

class Euler final : public Scheduler {
 public:
  Euler(const SchedulerConfig& config, int steps, double flow_shift)
      : Scheduler(config, euler_grid(config, steps, flow_shift)) {}
  std::unique_ptr<Scheduler> clone() const override { return std::make_unique<Euler>(*this); }

 private:
  at::Tensor advance(const at::Tensor& noise_pred, int i, const at::Tensor& sample) override;
  void forget() override {}
};

}  // namespace sora
