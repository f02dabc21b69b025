#include <gtest/gtest.h>

#include "models/wan/networks/vae_resample.h"

namespace sora::wan {
namespace {

double relative_l2(const at::Tensor& x, const at::Tensor& expected) {
  return ((x - expected).norm() / expected.norm()).item<double>();
}

/// One upsampler's random weights.
struct RandomLayer : WeightSource {
  std::map<std::string, at::Tensor> tensors;
  at::ScalarType type;
  explicit RandomLayer(at::ScalarType type_) : type(type_) {}
  at::Tensor get(const std::string& name, at::IntArrayRef shape, Precision) override {
    return tensors.try_emplace(name, at::randn(shape, type)).first->second;
  }
  bool has(const std::string&) const override { return true; }
};

// fp32 uses Winograd's method; fp64 uses folded taps, as other devices do.
class WanUpsampler : public testing::TestWithParam<at::ScalarType> {};

TEST_P(WanUpsampler, EqualsTheConvolutionOfTheLargePicture) {
  at::manual_seed(1);
  for (const auto& [in, out, height, width] :
       {std::array<std::int64_t, 4>{16, 8, 5, 7}, {12, 12, 1, 1}, {3, 5, 16, 9}}) {
    const auto layer = std::make_shared<RandomLayer>(GetParam());
    const Upsampler upsampler(Weights(layer), in, out, /*temporal=*/false);
    const at::Tensor x = at::randn({2, height, width, in}, GetParam());
    nn::StreamState state;
    const at::Tensor expected =
        upsampling_reference(x, layer->tensors.at("resample.1.weight"), layer->tensors.at("resample.1.bias"));
    EXPECT_LE(relative_l2(upsampler.double_space(upsampler.double_time(x, state), state), expected), 2e-6);
  }
}

TEST_P(WanUpsampler, DoublesTimeFromTheSecondFrameOn) {
  at::manual_seed(2);
  const auto layer = std::make_shared<RandomLayer>(GetParam());
  const Upsampler upsampler(Weights(layer), 6, 3, /*temporal=*/true);
  const at::Tensor x = at::randn({6, 4, 5, 6}, GetParam());
  nn::StreamState state;
  std::vector<at::Tensor> parts;
  std::int64_t first = 0;
  for (const std::int64_t count : {1, 1, 2, 2}) {
    state.rewind();
    parts.push_back(upsampler.double_time(x.narrow(0, first, count), state));
    first += count;
  }
  // The convolution does not see the first frame; its outputs are the even frame's channels, then the odd's.
  const at::Tensor clip = x.narrow(0, 1, 5).permute({3, 0, 1, 2}).unsqueeze(0);
  const at::Tensor made =
      at::conv3d(at::constant_pad_nd(clip, {0, 0, 0, 0, 2, 0}), layer->tensors.at("time_conv.weight"),
                 layer->tensors.at("time_conv.bias"));
  const at::Tensor expected =
      at::cat({x.narrow(0, 0, 1), made[0].unflatten(0, {2, 6}).permute({2, 0, 3, 4, 1}).flatten(0, 1)});
  EXPECT_LE(relative_l2(at::cat(parts), expected), 2e-6);
}

INSTANTIATE_TEST_SUITE_P(Types, WanUpsampler, testing::Values(at::kFloat, at::kDouble), [](const auto& info) {
  return std::string(info.param == at::kFloat ? "Float" : "Double");
});

}  // namespace
}  // namespace sora::wan
