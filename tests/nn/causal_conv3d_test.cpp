#include "nn/causal_conv3d.h"

#include <gtest/gtest.h>

#include "nn/cpu/pixel_ops.h"

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
  RandomLayer(std::int64_t in, std::int64_t out, at::ScalarType type = at::kFloat)
      : weight(at::randn({out, in, 3, 3, 3}, type)), bias(at::randn({out}, type)) {}
  at::Tensor get(const std::string& name, at::IntArrayRef, Precision) override {
    return name == "weight" ? weight : bias;
  }
  bool has(const std::string&) const override { return true; }
};

struct Case {
  std::int64_t in, out, height, width;
  std::vector<std::int64_t> chunks;
  at::ScalarType type = at::kFloat;
};

class CausalConv3dChunks : public testing::TestWithParam<Case> {};

TEST_P(CausalConv3dChunks, EqualOneConv3dOfTheWholeClip) {
  const Case& c = GetParam();
  at::manual_seed(1);
  const auto layer = std::make_shared<RandomLayer>(c.in, c.out, c.type);
  const CausalConv3d conv(Weights(layer), c.in, c.out);
  std::int64_t frames = 0;
  for (const auto n : c.chunks) frames += n;
  const at::Tensor x = at::randn({frames, c.height, c.width, c.in}, c.type);
  StreamState state;
  std::vector<at::Tensor> parts;
  std::int64_t first = 0;
  for (const auto n : c.chunks) {
    state.rewind();
    parts.push_back(conv(x.narrow(0, first, n), state));
    first += n;
  }
  EXPECT_LE(relative_l2(at::cat(parts), causal_conv3d_reference(x, layer->weight, layer->bias)), tolerance);
}

// The history may be copies of a frame: as a clip that begins with them, whose first frames are left out.
TEST_P(CausalConv3dChunks, ThatBeginWithAFrameEqualOneConv3d) {
  const Case& c = GetParam();
  at::manual_seed(2);
  const auto layer = std::make_shared<RandomLayer>(c.in, c.out, c.type);
  const CausalConv3d conv(Weights(layer), c.in, c.out);
  std::int64_t frames = 0;
  for (const auto n : c.chunks) frames += n;
  const at::Tensor x = at::randn({frames, c.height, c.width, c.in}, c.type);
  const at::Tensor before = at::randn({1, c.height, c.width, c.in}, c.type);
  StreamState state;
  std::vector<at::Tensor> parts{conv(x.narrow(0, 0, 0), state, {}, before)};
  EXPECT_EQ(parts[0].size(0), 0);
  std::int64_t first = 0;
  for (const auto n : c.chunks) {
    state.rewind();
    parts.push_back(conv(x.narrow(0, first, n), state));
    first += n;
  }
  const at::Tensor whole = causal_conv3d_reference(at::cat({before, before, x}), layer->weight, layer->bias);
  EXPECT_LE(relative_l2(at::cat(parts), whole.narrow(0, 2, frames)), tolerance);
}

// Winograd's tiles: sides that are no multiples of four, channels that are no multiples of eight.
INSTANTIATE_TEST_SUITE_P(Winograd, CausalConv3dChunks,
                         testing::Values(Case{24, 24, 13, 18, {1, 4, 4}},  // as in a decoder
                                         Case{5, 13, 12, 14, {1, 1, 1, 1}}, Case{16, 8, 16, 9, {1, 2, 1, 3}},
                                         Case{8, 44, 15, 15, {4, 1, 2}},  // no single first frame
                                         Case{1, 90, 3, 250, {3, 2}}, Case{64, 96, 12, 12, {1, 4}},
                                         // So large that each thread takes blocks of its own.
                                         Case{8, 8, 90, 95, {1, 2}}));

INSTANTIATE_TEST_SUITE_P(Taps, CausalConv3dChunks,
                         testing::Values(Case{24, 24, 5, 3, {1, 4, 4}},  // tiny pictures
                                         Case{64, 96, 1, 1, {1, 4}},
                                         Case{8, 7, 5, 5, {4, 1, 2}},     // few channels
                                         Case{30, 3, 40, 30, {1, 4, 4}},  // few outputs
                                         // So large that frames are not all convolved at once.
                                         Case{24, 8, 480, 480, {4}},
                                         // Where ATen composes the passes.
                                         Case{5, 11, 20, 30, {1, 4, 1}, at::kDouble}));

class CausalConv3dEpilogue : public testing::TestWithParam<std::pair<std::int64_t, std::int64_t>> {};

TEST_P(CausalConv3dEpilogue, AddsThenNormalises) {
  at::manual_seed(2);
  const auto [height, width] = GetParam();
  const auto layer = std::make_shared<RandomLayer>(6, 11);
  const CausalConv3d conv(Weights(layer), 6, 11);
  const at::Tensor x = at::randn({5, height, width, 6});
  PixelEpilogue epilogue;
  epilogue.residual = at::randn({5, height, width, 11});
  epilogue.gamma = at::randn({11});
  epilogue.silu = true;
  const at::Tensor sum = causal_conv3d_reference(x, layer->weight, layer->bias) + epilogue.residual;
  const at::Tensor expected = at::silu(at::norm_except_dim(sum.flatten(0, 2), 2, 0).reciprocal() *
                                       sum.flatten(0, 2) * std::sqrt(11.0) * epilogue.gamma)
                                  .view_as(sum);
  StreamState state, other;
  EXPECT_LE(relative_l2(conv(x, state, epilogue), expected), tolerance);
  epilogue.into_residual = true;
  const at::Tensor made = conv(x, other, epilogue);
  EXPECT_TRUE(made.is_same(epilogue.residual));
  EXPECT_LE(relative_l2(made, expected), tolerance);
}

INSTANTIATE_TEST_SUITE_P(TapsAndWinograd, CausalConv3dEpilogue,
                         testing::Values(std::pair(4, 3), std::pair(21, 15)));

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
  for (const at::Tensor& gain : {gamma, at::Tensor()}) {
    const at::Tensor shift = gain.defined() ? bias : at::Tensor();
    EXPECT_LE(relative_l2(rms_norm_silu(x, gain, shift, 1e-4), composed::rms_norm_silu(x, gain, shift, 1e-4)),
              tolerance);
  }
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
