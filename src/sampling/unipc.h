// UniPC, a predictor-corrector solver (Zhao et al. 2023, https://arxiv.org/abs/2302.04867), as
// UniPCMultistepScheduler in diffusers 0.42.1.
#pragma once

#include <vector>

#include "sampling/scheduler.h"

namespace sora {

/// The network runs once a step: its output corrects the sample that the step before predicted, and then
/// predicts the next one. Runs always start at the first level that step() is given; diffusers'
/// image-to-video pipeline skips one level when the first two timesteps are cut off to the same integer.
class UniPC final : public Scheduler {
 public:
  /// `config` as read_scheduler_config() checks it, solver_order 1 to 3, solver_type bh1 or bh2.
  UniPC(const SchedulerConfig& config, int steps, double flow_shift);
  std::unique_ptr<Scheduler> clone() const override { return std::make_unique<UniPC>(*this); }

 private:
  struct Terms;

  at::Tensor advance(const at::Tensor& noise_pred, int i, const at::Tensor& sample) override;
  void forget() override;
  void save(SchedulerState& state) const override;
  void load(const SchedulerState& state) override;
  at::Tensor convert(const at::Tensor& noise_pred, int i, const at::Tensor& sample) const;
  Terms terms(const at::Tensor& sample, int from, int order, int equations) const;
  at::Tensor predict(const at::Tensor& sample, int i) const;
  at::Tensor correct(const at::Tensor& model_output, int i) const;

  std::vector<at::Tensor> model_outputs_;  ///< x0 (or noise) of the last solver_order steps, newest last
  at::Tensor last_sample_;                 ///< corrected sample that the step before started from
  int order_ = 0;                          ///< order of the step before
};

}  // namespace sora
