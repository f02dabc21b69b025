#include "nn/attention.h"

#include <ATen/Context.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <mutex>

#include "nn/attention_choice.h"
#include "weights/device_traits.h"

namespace sora::nn {
namespace {

constexpr int kRuns = 3;  // of each method, after one that does not count

void use(const AttentionChoice::Order& order) {
  static AttentionChoice::Order now;
  if (now == order) return;
  at::globalContext().setSDPPriorityOrder(order);
  now = order;
}

double seconds_of(const AttentionChoice::Order& order, const at::Tensor& q, const at::Tensor& k,
                  const at::Tensor& v) {
  use(order);
  (void)at::scaled_dot_product_attention(q, k, v);
  const c10::Stream stream = c10::impl::VirtualGuardImpl(q.device().type()).getStream(q.device());
  c10::Event begin(q.device().type(), c10::EventFlag::BACKEND_DEFAULT);
  c10::Event end(q.device().type(), c10::EventFlag::BACKEND_DEFAULT);
  begin.record(stream);
  for (int i = 0; i < kRuns; ++i) (void)at::scaled_dot_product_attention(q, k, v);
  end.record(stream);
  end.synchronize();
  return begin.elapsedTime(end) / 1000;
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  if (traits_of(q.device()).several_attentions) {
    // Where several ranks are threads, one of them measures at a time. The order counts for all of them: a call
    // of another kind in between may take another method, with the same result.
    static std::mutex mutex;
    static AttentionChoice choice;
    const std::lock_guard lock(mutex);
    use(choice.order_for(kind_of(q, k), [&](const auto& order) { return seconds_of(order, q, k, v); }));
  }
  return at::scaled_dot_product_attention(q, k, v);
}

}  // namespace sora::nn
