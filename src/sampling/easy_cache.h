// EasyCache (Zhou et al. 2025, https://arxiv.org/abs/2507.02860): it looks at the network's input and output
// alone, and needs no calibration.
//
// From two steps that were computed it learns how much the output changes for a change of the input. From
// there on the change of the input says how much the output would have changed, as a share of its size; while
// the sum of these stays below a threshold, the difference between output and input of the last step that was
// computed is used again. The branch with the prompt decides, also for the one without it.
#pragma once

#include <functional>
#include <map>

#include "sampling/block_cache.h"

namespace sora {

class EasyCache {
 public:
  /// Of `steps` steps the first `first_steps` and the last are computed in full.
  EasyCache(double threshold, int first_steps, int steps);

  /// Begins a step. `input`: latents [1, C, T, h, w] fp32. Returns whether the network is to run.
  bool begin_step(const at::Tensor& input);

  bool computes() const { return computes_; }  ///< what begin_step() returned

  /// The prediction of a branch: the network's, or `input` with the difference of an earlier step. `decides`:
  /// what it computes says how much the output changes.
  at::Tensor predict(std::size_t branch, bool decides, const at::Tensor& input,
                     const std::function<at::Tensor()>& network);

  void save(CacheState& state) const;
  /// Throws Error (data) where the state is not one of such a cache.
  void load(const CacheState& state);

 private:
  double threshold_;
  int first_steps_, steps_;
  int step_ = 0;
  bool computes_ = true;
  float error_ = 0;            // summed since the last step that was computed
  float rate_ = -1;            // change of the output for a change of the input; -1: not known yet
  at::Tensor last_input_;      // of the step before
  at::Tensor computed_input_;  // of the last step that was computed
  at::Tensor output_;          // of that step
  std::map<std::size_t, at::Tensor> differences_;  // of each branch: output - input
};

}  // namespace sora
