// MagCache (Ma et al. 2025, https://arxiv.org/abs/2506.09045), as apply_mag_cache() of diffusers 0.42.1.
//
// What the blocks add to their input (the residual) grows by a factor from step to step that is nearly the
// same for all prompts, and was measured once for each model. While the factor's deviation from 1, summed
// over the steps since the last one that was computed, stays below a threshold, the residual is used again.
// So a model, a number of steps and a threshold decide which steps are computed.
#pragma once

#include <utility>

#include "sampling/block_cache.h"
#include "sampling/config/mag_decisions.h"

namespace sora {

class MagCache final : public BlockCache {
 public:
  explicit MagCache(MagCacheSettings settings) : decisions_(std::move(settings)) {}

  bool skips_all(at::Tensor& x) override;
  bool skips_rest(at::Tensor&) override { return false; }
  void computed(const at::Tensor& x) override;
  void save(CacheState& state) const override;
  void load(const CacheState& state) override;

 private:
  MagDecisions decisions_;
  at::Tensor input_;     // [B, L, dim], of the step that is being computed
  at::Tensor residual_;  // [B, L, dim], of the last step that was
};

}  // namespace sora
