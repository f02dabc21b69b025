// DPM-Solver++ (2M), a multistep solver (Lu et al. 2022, https://arxiv.org/abs/2211.01095), as
// DPMSolverMultistepScheduler with algorithm_type dpmsolver++ in diffusers 0.42.1.
#pragma once

#include "sampling/scheduler.h"

namespace sora {

class DPMSolverPP2M final : public Scheduler {
 public:
  /// solver_order 1 or 2, solver_type midpoint or heun.
  DPMSolverPP2M(const SchedulerConfig& config, int steps, double flow_shift);
  std::unique_ptr<Scheduler> clone() const override { return std::make_unique<DPMSolverPP2M>(*this); }

 private:
  at::Tensor advance(const at::Tensor& noise_pred, int i, const at::Tensor& sample) override;
  void forget() override { last_x0_.reset(); }
  void save(SchedulerState& state) const override {
    if (last_x0_.defined()) state.history = {last_x0_};
  }
  void load(const SchedulerState& state) override {
    if (!state.history.empty()) last_x0_ = state.history.back();
  }
  bool first_order(int i) const;

  at::Tensor last_x0_;  ///< clean latents predicted at the step before
};

}  // namespace sora
