// First-block cache (https://github.com/chengzeyi/ParaAttention), as apply_first_block_cache() of diffusers
// 0.42.1: the first block is always computed. Where what it adds to its input differs little from the last
// step that was computed, what the other blocks added in that step is used again.
#pragma once

#include "sampling/block_cache.h"

namespace sora {

class FirstBlockCache final : public BlockCache {
 public:
  /// `threshold`: of the mean absolute difference, as a share of the mean absolute value.
  explicit FirstBlockCache(double threshold) : threshold_(threshold) {}

  bool skips_all(at::Tensor& x) override;
  bool skips_rest(at::Tensor& x) override;
  void computed(const at::Tensor& x) override;
  void save(CacheState& state) const override;
  void load(const CacheState& state) override;

 private:
  double threshold_;
  at::Tensor input_, after_first_;  // [B, L, dim], of the step that is being computed
  at::Tensor first_, rest_;         // [B, L, dim], what the first block and the others added when computed
};

}  // namespace sora
