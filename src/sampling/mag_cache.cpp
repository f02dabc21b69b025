#include "sampling/mag_cache.h"

namespace sora {

bool MagCache::skips_all(at::Tensor& x) {
  if (!decisions_.computes_next(residual_.defined())) {
    x = with_residual(x, residual_);
    ++skips_;
    return true;
  }
  input_ = x.clone();
  return false;
}

void MagCache::computed(const at::Tensor& x) {
  residual_ = x - input_;
  input_.reset();
}

void MagCache::save(CacheState& state) const {
  state["decisions"] = at::tensor(decisions_.state(), at::kDouble);
  if (residual_.defined()) state["residual"] = residual_;
}

void MagCache::load(const CacheState& state) {
  decisions_.restore(numbers_of(state, "decisions", MagDecisions::kNumbers));
  residual_ = tensor_of(state, "residual");
}

}  // namespace sora
