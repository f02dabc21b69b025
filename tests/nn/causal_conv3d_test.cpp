#include "nn/causal_conv3d.h"

#include <gtest/gtest.h>

#include "nn/pixel_ops.h"

namespace sora::nn {
namespace {

// fp32 sums of up to a thousand products in another order.
constexpr double tolerance = 2e-6;

double relative_l2(const at::Tensor& x, const at::Tensor& expected) {
  return ((x - expected).norm() / expected.norm()).item<double>();
}

/// One layer's random weights.
struct RandomLayer : WeightSource {
  at::Tensor weight, bias;
  RandomLayer(std::int64_t in, std::int64_t out, std::int64_t kernel)
      : weight(at::randn({out, in, 3, kernel, kernel})), bias(at::randn({out})) {}
  at::Tensor get(const std::string& name, at::IntArrayRef, Precision) override {
    return name == "weight" ? weight : bias;
  }
  bool has(const std::string&) const override { return true; }
};

struct Case {
  std::int64_t in, out, kernel, height, width;
  std::vector<std::int64_t> chunks;
};

class CausalConv3dChunks : public testing::TestWithParam<Case> {};

TEST_P(CausalConv3dChunks, EqualOneConv3dOfTheWholeClip) {
  const Case& c = GetParam();
  at::manual_seed(1);
  const auto layer = std::make_shared<RandomLayer>(c.in, c.out, c.kernel);
  const CausalConv3d conv(Weights(layer), c.in, c.out, c.kernel);
  std::int64_t frames = 0;
  for (const auto n : c.chunks) frames += n;
  const at::Tensor x = at::randn({frames, c.height, c.width, c.in});
  FrameHistory history;
  std::vector<at::Tensor> parts;
  std::int64_t first = 0;
  for (const auto n : c.chunks) {
    parts.push_back(conv(x.narrow(0, first, n), history));
    first += n;
  }
  EXPECT_LE(relative_l2(at::cat(parts), causal_conv3d_reference(x, layer->weight, layer->bias)), tolerance);
}

INSTANTIATE_TEST_SUITE_P(Shapes, CausalConv3dChunks,
                         testing::Values(Case{24, 24, 3, 9, 7, {1, 4, 4}},  // as in a decoder
                                         Case{5, 3, 3, 4, 6, {1, 1, 1, 1}},
                                         Case{16, 8, 3, 3, 5, {1, 2, 1, 3}},
                                         Case{8, 12, 3, 5, 5, {4, 1, 2}},  // no single first frame
                                         Case{6, 10, 1, 4, 3, {1, 2, 2}},  // the time convolution
                                         Case{64, 96, 3, 1, 1, {1, 4}},
                                         // So large that frames are convolved one by one.
                                         Case{1, 90, 3, 250, 260, {3, 2}}));

TEST(CausalConv3d, EpilogueAddsThenNormalises) {
  at::manual_seed(2);
  const auto layer = std::make_shared<RandomLayer>(6, 11, 3);
  const CausalConv3d conv(Weights(layer), 6, 11, 3);
  const at::Tensor x = at::randn({5, 4, 3, 6});
  PixelEpilogue epilogue;
  epilogue.residual = at::randn({5, 4, 3, 11});
  epilogue.gamma = at::randn({11});
  epilogue.silu = true;
  const at::Tensor sum = causal_conv3d_reference(x, layer->weight, layer->bias) + epilogue.residual;
  const at::Tensor expected = at::silu(at::norm_except_dim(sum.flatten(0, 2), 2, 0).reciprocal() *
                                       sum.flatten(0, 2) * std::sqrt(11.0) * epilogue.gamma)
                                  .view_as(sum);
  FrameHistory history;
  EXPECT_LE(relative_l2(conv(x, history, epilogue), expected), tolerance);
}

class PixelOps : public testing::TestWithParam<std::int64_t> {};

TEST_P(PixelOps, SweepsEqualTheComposedForms) {
  const std::int64_t channels = GetParam();
  at::manual_seed(3);
  at::Tensor x = at::randn({2, 5, 70, channels}) * at::logspace(-3, 3, 70).unsqueeze(1);
  x[0][0].zero_();  // a norm of zero
  const at::Tensor gamma = at::randn({channels});
  for (const bool silu : {false, true}) {
    EXPECT_LE(relative_l2(channel_norm(x, gamma, silu), composed::channel_norm(x, gamma, silu)), tolerance);
  }

  const at::Tensor bias = at::randn({channels});
  const at::Tensor history = at::randn({2, 5, 7, channels});
  for (const std::int64_t frames : {1, 2, 4}) {
    for (const std::int64_t count : {1, 3}) {
      const at::Tensor taps = at::randn({frames, 5, 7, count, channels});
      for (const bool all : {false, true}) {
        PixelEpilogue epilogue;
        if (all) epilogue = {at::randn({frames, 5, 7, channels}), gamma, true};
        at::Tensor made = at::empty({frames, 5, 7, channels});
        at::Tensor expected = at::empty_like(made);
        sum_taps(taps, bias, all ? history : at::Tensor(), epilogue, made);
        composed::sum_taps(taps, bias, all ? history : at::Tensor(), epilogue, expected);
        EXPECT_LE(relative_l2(made, expected), tolerance) << frames << " " << count << " " << all;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, PixelOps, testing::Values(1, 3, 8, 24, 96));

TEST(PixelOps, ExtremeValuesOfSiluStayFinite) {
  const at::Tensor x =
      at::tensor({-1e30f, -200.f, -88.f, -1e-30f, 0.f, 88.f, 200.f, 1e30f}).view({1, 1, 8, 1});
  const at::Tensor gamma = at::tensor({1000.f});
  // One channel: the norm leaves the sign, times gamma.
  const at::Tensor made = channel_norm(x, gamma, true);
  EXPECT_TRUE(made.isfinite().all().item<bool>());
  EXPECT_TRUE(at::allclose(made, composed::channel_norm(x, gamma, true)));
}

}  // namespace
}  // namespace sora::nn
