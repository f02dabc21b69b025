// Steps with fresh noise, for models that were distilled to predict clean latents from few noise levels
// (latent consistency models, distribution matching), as FlowMatchLCMScheduler in diffusers 0.42.1: each step
// predicts the clean latents, and mixes them with new noise for the next level.
#pragma once

#include "sampling/scheduler.h"

namespace sora {

class Lcm final : public Scheduler {
 public:
  Lcm(const SchedulerConfig& config, int steps, double flow_shift)
      : Scheduler(config, euler_grid(config, steps, flow_shift)) {}
  std::unique_ptr<Scheduler> clone() const override { return std::make_unique<Lcm>(*this); }
  bool takes_noise() const override { return true; }

 private:
  at::Tensor advance(const at::Tensor& noise_pred, int i, const at::Tensor& sample) override;
  void forget() override {}
};

}  // namespace sora
