#include "nn/attention_choice.h"

#include <ATen/SDPBackend.h>

#include <algorithm>
#include <bit>

namespace sora::nn {
namespace {

// Methods give different last bits, so that a choice between equals would make runs differ.
constexpr double kClearlyFaster = 0.9;

std::int64_t number(at::SDPBackend backend) { return static_cast<std::int64_t>(backend); }

std::int64_t rounded_up(std::int64_t length) {
  return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(length)));
}

// All methods, `first` before the others in libtorch's own order.
AttentionChoice::Order order_with(at::SDPBackend first) {
  using enum at::SDPBackend;
  AttentionChoice::Order order{number(first)};
  for (const at::SDPBackend other :
       {flash_attention, efficient_attention, math, cudnn_attention, overrideable}) {
    if (other != first) order.push_back(number(other));
  }
  return order;
}

}  // namespace

AttentionKind kind_of(const at::Tensor& q, const at::Tensor& k) {
  return {q.device().index(), q.scalar_type(),        q.size(-1),
          q.size(1),          rounded_up(q.size(-2)), rounded_up(k.size(-2))};
}

const AttentionChoice::Order& AttentionChoice::order_for(const AttentionKind& kind, const Timer& seconds) {
  const auto known = orders_.find(kind);
  if (known != orders_.end()) return known->second;
  Order best;
  double least = 0;
  using enum at::SDPBackend;
  for (const at::SDPBackend first : {flash_attention, cudnn_attention, efficient_attention}) {
    Order order = order_with(first);
    const double taken = seconds(order);
    if (!best.empty() && taken > kClearlyFaster * least) continue;
    least = taken;
    best = std::move(order);
  }
  return orders_.emplace(kind, std::move(best)).first->second;
}

}  // namespace sora::nn
