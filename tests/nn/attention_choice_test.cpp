// The method for attention is chosen by measurement, once for each kind of call.
#include "nn/attention_choice.h"

#include <ATen/Context.h>
#include <ATen/SDPBackend.h>
#include <gtest/gtest.h>

#include "nn/attention.h"

namespace sora::nn {
namespace {

constexpr auto kCudnn = static_cast<std::int64_t>(at::SDPBackend::cudnn_attention);
constexpr auto kFlash = static_cast<std::int64_t>(at::SDPBackend::flash_attention);

TEST(AttentionChoice, TakesTheFastestAndMeasuresAKindOnce) {
  AttentionChoice choice;
  int measured = 0;
  const auto cudnn_is_fast = [&](const AttentionChoice::Order& order) {
    ++measured;
    EXPECT_EQ(order.size(), 5U);  // libtorch asks for all of them
    return order.front() == kCudnn ? 0.001 : 0.002;
  };
  const AttentionKind kind{0, at::kBFloat16, 128, 12, 32768, 512};
  EXPECT_EQ(choice.order_for(kind, cudnn_is_fast).front(), kCudnn);
  EXPECT_EQ(measured, 3);
  EXPECT_EQ(choice.order_for(kind, cudnn_is_fast).front(), kCudnn);
  EXPECT_EQ(measured, 3);

  AttentionKind other = kind;
  other.type = at::kHalf;
  EXPECT_EQ(
      choice.order_for(other, [](const auto& order) { return order.front() == kCudnn ? 0.95 : 1.0; }).front(),
      kFlash)
      << "of near ones, libtorch's first";
  EXPECT_EQ(choice.order_for(kind, cudnn_is_fast).front(), kCudnn);
}

TEST(AttentionChoice, NearLengthsAreOfOneKind) {
  const auto kind = [](std::int64_t queries, std::int64_t keys) {
    return kind_of(at::empty({2, 3, queries, 8}), at::empty({2, 3, keys, 8}));
  };
  EXPECT_EQ(kind(1000, 77), kind(1024, 100));
  EXPECT_NE(kind(1000, 77), kind(1025, 77));
}

TEST(AttentionChoice, LeavesTheCpuAsItIs) {
  const auto before = at::globalContext().sDPPriorityOrder();
  const at::Tensor q = at::randn({1, 3, 17, 8}), k = at::randn({1, 3, 9, 8});
  EXPECT_TRUE(at::equal(attention(q, k, k), at::scaled_dot_product_attention(q, k, k)));
  EXPECT_EQ(at::globalContext().sDPPriorityOrder(), before);
}

}  // namespace
}  // namespace sora::nn
