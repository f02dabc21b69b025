#include "sampling/first_block_cache.h"

namespace sora {

bool FirstBlockCache::skips_all(at::Tensor& x) {
  input_ = x.clone();
  return false;
}

bool FirstBlockCache::skips_rest(at::Tensor& x) {
  const at::Tensor first = x - input_;  // [B, L, dim]
  input_.reset();
  if (first_.defined() && rest_.defined() && first_.sizes() == first.sizes()) {
    const at::Tensor before = first_.to(first.scalar_type());
    const at::Tensor change = (first - before).abs().mean() / before.abs().mean();
    if (!(change.item<double>() > threshold_)) {
      x = with_residual(x, rest_);
      ++skips_;
      return true;
    }
  }
  first_ = first;
  after_first_ = x.clone();
  return false;
}

void FirstBlockCache::computed(const at::Tensor& x) {
  rest_ = x - after_first_;
  after_first_.reset();
}

void FirstBlockCache::save(CacheState& state) const {
  if (first_.defined()) state["first"] = first_;
  if (rest_.defined()) state["rest"] = rest_;
}

void FirstBlockCache::load(const CacheState& state) {
  first_ = tensor_of(state, "first");
  rest_ = tensor_of(state, "rest");
}

}  // namespace sora
