// Which of libtorch's methods for attention a GPU uses.
//
// Note [Methods for attention]: libtorch has several (flash, memory-efficient, cuDNN's), and tries them in a
// fixed order in which cuDNN's, the fast one on Hopper, comes last. Which is the fastest depends on the GPU,
// the type and the sizes. So each is tried where a kind of call is met for the first time; its order is used
// from then on. A method that cannot do the call is passed over by libtorch, and so measures as the next one.
#pragma once

#include <ATen/ATen.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace sora::nn {

/// Calls that one measurement stands for. Lengths are rounded up to powers of two.
struct AttentionKind {
  std::int64_t device = 0;
  at::ScalarType type = at::kFloat;
  std::int64_t head_dim = 0, heads = 0, queries = 0, keys = 0;

  auto operator<=>(const AttentionKind&) const = default;
};
AttentionKind kind_of(const at::Tensor& q, const at::Tensor& k);

class AttentionChoice {
 public:
  using Order = std::vector<std::int64_t>;            ///< numbers of at::SDPBackend, the preferred one first
  using Timer = std::function<double(const Order&)>;  ///< seconds of a call with this order

  /// The order with which `seconds` was least, measured at the first call for this kind. Of methods that take
  /// about the same time, the one that libtorch would take.
  const Order& order_for(const AttentionKind& kind, const Timer& seconds);

 private:
  std::map<AttentionKind, Order> orders_;
};

}  // namespace sora::nn
