#include "models/ltx/networks/transformer.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/ltx/golden_ltx.h"
#include "sora/error.h"

namespace sora::ltx {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// fp32 against fp32, in another order of summation.
constexpr double tolerance = 1e-5;

class LtxTransformerGolden : public testing::TestWithParam<const char*> {
 protected:
  LtxTransformerGolden() { at::set_num_threads(1); }

  static LtxTransformer load() {
    LtxTransformer transformer = load_transformer(model_folder(GetParam()) / "transformer", {}, CellScale());
    transformer.set_frame_rate(golden(GetParam(), "fps").item<double>());
    return transformer;
  }
};

// One timestep for all tokens, and one for each: 0 for those of the first latent frame.
TEST_P(LtxTransformerGolden, PredictsAsDiffusersDoes) {
  const LtxTransformer transformer = load();
  const at::Tensor latents = golden(GetParam(), "latents"), embeds = golden(GetParam(), "prompt_embeds");
  const auto text = transformer.prepare(embeds, {});
  for (const auto& [timestep, sample] :
       {std::pair{"timestep", "sample"}, std::pair{"token_timestep", "token_sample"}}) {
    const at::Tensor predicted = transformer.predict(latents, golden(GetParam(), timestep), *text);
    const at::Tensor expected = golden(GetParam(), sample);
    ASSERT_EQ(predicted.sizes(), expected.sizes());
    EXPECT_LE(relative_l2(predicted, expected), tolerance) << sample;
  }
}

TEST_P(LtxTransformerGolden, RowsOfZerosAreNoTokens) {
  const LtxTransformer transformer = load();
  const at::Tensor latents = golden(GetParam(), "latents"), embeds = golden(GetParam(), "prompt_embeds");
  const at::Tensor timestep = golden(GetParam(), "timestep"), expected = golden(GetParam(), "sample");
  const at::Tensor padded = at::constant_pad_nd(embeds, {0, 0, 0, 117});
  EXPECT_LE(relative_l2(transformer.predict(latents, timestep, *transformer.prepare(padded, {})), expected),
            tolerance);
  // In a batch with a longer prompt, the shorter one's padding is masked; the longer one changes nothing.
  at::manual_seed(1);
  const at::Tensor longer = at::randn({1, 14, embeds.size(2)});
  const auto both = transformer.prepare(at::cat({at::constant_pad_nd(embeds, {0, 0, 0, 3}), longer}), {});
  const at::Tensor two =
      transformer.predict(latents.expand({2, -1, -1, -1, -1}), timestep.expand({2}), *both);
  EXPECT_LE(relative_l2(two.narrow(0, 0, 1), expected), tolerance);
  EXPECT_GT(relative_l2(two.narrow(0, 1, 1), expected), 1e-3);
}

TEST_P(LtxTransformerGolden, PositionsAreInSeconds) {
  LtxTransformer transformer = load();
  const auto text = transformer.prepare(golden(GetParam(), "prompt_embeds"), {});
  transformer.set_frame_rate(30);
  const at::Tensor predicted =
      transformer.predict(golden(GetParam(), "latents"), golden(GetParam(), "timestep"), *text);
  EXPECT_GT(relative_l2(predicted, golden(GetParam(), "sample")), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Models, LtxTransformerGolden, testing::Values("v090", "v091", "v095"),
                         [](const auto& info) { return std::string(info.param); });

TEST(LtxTransformer, WrongShapesAreErrorsThatNameBoth) {
  const LtxTransformer transformer = load_transformer(model_folder("v090") / "transformer", {}, CellScale());
  EXPECT_THAT(
      [&] {
        (void)transformer.prepare(at::zeros({1, 3, 23}), {});
      },
      ThrowsMessage<Error>(HasSubstr("[1, 3, 23], expected [B, N, 24]")));
  const auto text = transformer.prepare(at::ones({1, 3, 24}), {});
  EXPECT_THAT(
      [&] {
        (void)transformer.predict(at::zeros({1, 9, 1, 2, 2}), at::zeros({1}), *text);
      },
      ThrowsMessage<Error>(HasSubstr("expected [B, 10, T, H, W]")));
  EXPECT_THAT(
      [&] {
        (void)transformer.predict(at::zeros({1, 10, 1, 2, 2}), at::zeros({1, 3}), *text);
      },
      ThrowsMessage<Error>(HasSubstr("expected [1] or [1, 4]")));
}

}  // namespace
}  // namespace sora::ltx
