// Products of fp8 weights without widening them: Note [fp8 products]. What only a GPU can show: that its
// library takes these shapes, its speed, and its own rounding of sums.
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/log.h"
#include "device_case.h"
#include "nn/fp8_product.h"
#include "nn/linear.h"
#include "weights/device_traits.h"

namespace sora::nn {
namespace {

class Fp8Products : public DeviceCase {
 protected:
  Fp8Products() {
    use_fp8_products(true);
    set_log_sink([this](LogLevel level, const std::string& text) {
      if (level == LogLevel::warning) warnings_.push_back(text);
    });
  }
  ~Fp8Products() override {
    use_fp8_products(false);
    set_log_sink({});
  }

  /// Parts of 32 rows each with a scale of its own, and in `exact_` what they mean.
  std::shared_ptr<StoredWeight> weight(std::vector<float> scales, std::int64_t columns) {
    auto weight = std::make_shared<StoredWeight>();
    weight->columns = columns;
    weight->widened_options = at::TensorOptions(device_).dtype(at::kBFloat16);
    weight->scratch = std::make_shared<Scratch>();
    std::vector<at::Tensor> exact;
    for (const float scale : scales) {
      const at::Tensor values = at::randn({32, columns}).mul_(30).to(at::kFloat8_e4m3fn);
      StoredPart part{"part",
                      {},
                      32,
                      scale == 1 ? nullptr : std::make_shared<ScaleGrid>(ScaleGrid{1, 1, {scale}}),
                      values.to(device_)};
      part.info.dtype = DType::f8_e4m3;
      part.info.shape = {32, columns};
      weight->parts.push_back(part);
      exact.push_back(values.to(at::kFloat).mul(scale));
    }
    exact_ = at::cat(exact);
    return weight;
  }

  const c10::InferenceMode inference_;
  const at::Device device_{at::kPrivateUse1, 0};
  at::Tensor exact_;  // [rows, columns], on the CPU
  std::vector<std::string> warnings_;
};

TEST_F(Fp8Products, GiveTheProductOfTheWidenedWeightsWithinTheirRounding) {
  for (const std::vector<float>& scales : {std::vector<float>{0.01F}, {0.01F, 0.2F, 0.003F}}) {
    Linear layer;
    layer.stored = weight(scales, 256);
    const std::int64_t rows = exact_.size(0);
    const at::Tensor x = at::randn({2, 20, 256}), bias = at::randn({rows});
    layer.bias = bias.to(device_, at::kBFloat16);
    sim::reset_counters();
    const at::Tensor y = layer(x.to(device_, at::kBFloat16));
    EXPECT_EQ(y.scalar_type(), at::kBFloat16);
    EXPECT_EQ(y.sizes(), (std::vector<std::int64_t>{2, 20, rows}));
    const at::Tensor expected = at::linear(x, exact_, bias);
    EXPECT_LT(relative(y.to(at::kCPU, at::kFloat), expected), 0.05);
    EXPECT_GT(relative(y.to(at::kCPU, at::kFloat), expected), 0.005)
        << "not the product of the widened weights";
    EXPECT_TRUE(warnings_.empty());
  }
}

TEST_F(Fp8Products, NeitherWidenNorWaitAfterTheFirst) {
  Linear layer;
  layer.stored = weight({0.01F}, 256);
  layer.bias = at::zeros({32}, at::TensorOptions(device_).dtype(at::kBFloat16));
  const at::Tensor x = at::randn({40, 256}).to(device_, at::kBFloat16);
  (void)layer(x);
  sim::reset_counters();
  (void)layer(x);
  EXPECT_EQ(sim::counters().host_waits, 0);
  EXPECT_EQ(sim::counters().to_host, 0);
}

TEST_F(Fp8Products, AreNotTriedForOtherWeightsOrTypesAndOffByThemselves) {
  const at::Tensor x = at::randn({4, 256}).to(device_, at::kBFloat16);
  const auto good = weight({0.5F}, 256);
  EXPECT_TRUE(takes_fp8(*good, x));
  EXPECT_FALSE(takes_fp8(*good, x.to(at::kFloat))) << "float32 means all bits";
  EXPECT_FALSE(takes_fp8(*good, x.to(at::kCPU)));
  EXPECT_FALSE(takes_fp8(*weight({1}, 256), x)) << "no scale";
  EXPECT_FALSE(takes_fp8(*weight({0.5F}, 250), x)) << "sides that are no multiples of 16";
  auto other = weight({0.5F}, 256);
  other->parts[0].info.dtype = DType::f8_e5m2;
  EXPECT_FALSE(takes_fp8(*other, x));
  use_fp8_products(false);
  EXPECT_FALSE(takes_fp8(*good, x));
}

TEST_F(Fp8Products, AreSwitchedOffWithOneWarningWhereTheFirstIsWrong) {
  Linear layer;
  layer.stored = weight({std::numeric_limits<float>::quiet_NaN()}, 256);
  layer.bias = at::zeros({32}, at::TensorOptions(device_).dtype(at::kBFloat16));
  const at::Tensor x = at::randn({4, 256}).to(device_, at::kBFloat16);
  (void)layer(x);
  layer.stored = weight({0.5F}, 256);
  const at::Tensor y = layer(x).to(at::kCPU, at::kFloat);
  EXPECT_LT(relative(y, at::linear(x.to(at::kCPU, at::kFloat), exact_)), 0.005) << "of the widened weights";
  EXPECT_THAT(warnings_, testing::ElementsAre(testing::HasSubstr("products of fp8 are switched off")));
}

TEST_F(Fp8Products, AreSwitchedOffWithOneWarningWhereTheyFail) {
  Linear layer;
  layer.stored = weight({0.5F}, 256);
  layer.bias = at::zeros({32}, at::TensorOptions(device_).dtype(at::kBFloat16));
  const at::Tensor wrong = at::zeros({7}, at::TensorOptions(device_).dtype(at::kBFloat16));
  const at::Tensor x = at::randn({4, 256}).to(device_, at::kBFloat16);
  EXPECT_FALSE(fp8_product(*layer.stored, x, wrong)) << "a bias that is too short";
  EXPECT_LT(relative(layer(x).to(at::kCPU, at::kFloat), at::linear(x.to(at::kCPU, at::kFloat), exact_)),
            0.005);
  EXPECT_EQ(warnings_.size(), 1U);
}

}  // namespace
}  // namespace sora::nn
