// The control branch against diffusers' WanVACETransformer3DModel (scripts/goldens/vace.py).
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/wan/components.h"
#include "models/wan/networks/transformer.h"
#include "places.h"
#include "sora/error.h"
#include "weights/tensor_file.h"

namespace sora::wan {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

at::Tensor golden(const std::string& name, int number) {
  return read_tensor(test_data() / "vace/transformer.safetensors", name + "_" + std::to_string(number));
}

double relative_l2(const at::Tensor& found, const at::Tensor& expected) {
  EXPECT_EQ(found.sizes(), expected.sizes());
  return ((found - expected).norm() / expected.norm()).item<double>();
}

at::Tensor predicted(const WanTransformer& network, int number) {
  const TextContext text = network.prepare_text(golden("encoder_hidden_states", number));
  const at::Tensor latents =
      at::cat({golden("hidden_states", number), golden("control_hidden_states", number)}, 1);
  return network.forward(latents, golden("timestep", number), text);
}

// fp32 on both sides, in another order of summation.
constexpr double tolerance = 1e-5;

TEST(Vace, PredictsWhatDiffusersDoes) {
  at::set_num_threads(1);
  WanTransformer network = load_transformer(test_data() / "vace/transformer", {});
  EXPECT_EQ(network.in_channels(), 4);
  EXPECT_EQ(network.control_channels(), 72);
  for (int number = 0; number < 3; ++number) {
    network.set_control_scale(golden("control_hidden_states_scale", number)[0].item<double>());
    EXPECT_LT(relative_l2(predicted(network, number), golden("sample", number)), tolerance) << number;
  }
}

TEST(Vace, WithoutAScaleTheControlInputHasNoEffect) {
  WanTransformer network = load_transformer(test_data() / "vace/transformer", {});
  const TextContext text = network.prepare_text(golden("encoder_hidden_states", 0));
  const at::Tensor x = golden("hidden_states", 0), control = golden("control_hidden_states", 0);
  const auto with = [&](const at::Tensor& other) {
    return network.forward(at::cat({x, other}, 1), golden("timestep", 0), text);
  };
  EXPECT_GT(relative_l2(with(control), with(-control)), 1e-3);
  network.set_control_scale(0);
  EXPECT_TRUE(at::equal(with(control), with(-control)));
}

TEST(Vace, LatentsWithoutTheControlInputAreAnErrorThatNamesBoth) {
  const WanTransformer network = load_transformer(test_data() / "vace/transformer", {});
  const TextContext text = network.prepare_text(golden("encoder_hidden_states", 0));
  EXPECT_THAT([&] { (void)network.forward(golden("hidden_states", 0), golden("timestep", 0), text); },
              ThrowsMessage<Error>(HasSubstr("expected [B, 76, T, H, W]")));
}

}  // namespace
}  // namespace sora::wan
