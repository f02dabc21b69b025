#include "sampling/block_cache.h"

#include "sora/error.h"

namespace sora {
namespace {

[[noreturn]] void unfit(const std::string& what) {
  throw Error(ErrorKind::data, "cache", "the saved state of the step cache " + what);
}

}  // namespace

at::Tensor tensor_of(const CacheState& state, const std::string& name) {
  const auto found = state.find(name);
  return found == state.end() ? at::Tensor() : found->second;
}

std::vector<double> numbers_of(const CacheState& state, const std::string& name, std::size_t count) {
  const at::Tensor stored = tensor_of(state, name);
  if (!stored.defined() || stored.numel() != static_cast<std::int64_t>(count))
    unfit("lacks " + name + ", expected " + std::to_string(count) + " numbers");
  const at::Tensor values = stored.to(at::kCPU, at::kDouble).contiguous();
  constexpr double kMost = 1e6;
  if (!(values.abs() <= kMost).all().item<bool>()) unfit("has " + name + " out of range");
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + count};
}

at::Tensor with_residual(const at::Tensor& x, const at::Tensor& residual) {
  if (residual.sizes() != x.sizes()) unfit("is of other sizes than the video");
  return x + residual.to(x.device(), x.scalar_type());
}

}  // namespace sora
