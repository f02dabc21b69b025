#include "models/wan/networks/transformer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/golden_transformer.h"
#include "sora/error.h"

namespace sora::wan {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

double relative_l2(const at::Tensor& found, const at::Tensor& expected) {
  EXPECT_EQ(found.sizes(), expected.sizes());
  return ((found - expected).norm() / expected.norm()).item<double>();
}

class WanTransformerGolden : public testing::TestWithParam<const char*> {};

// Both sides round to fp32 (6e-8 relative) at each of some 50 steps, in another order of summation; a mistake
// in the method shows at 1e-4 and above (rope tables rounded to bf16 gave 1.9e-4).
constexpr double tolerance = 1e-5;

TEST_P(WanTransformerGolden, PredictsWhatDiffusersDoes) {
  const Golden golden(GetParam());
  const WanTransformer transformer = load_transformer(transformer_folder(GetParam()), {});
  for (const PaddingRows padding : {PaddingRows::merge, PaddingRows::keep}) {
    const TextContext text = transformer.prepare_text(golden.prompt_embeds, golden.image_embeds, padding);
    EXPECT_LT(relative_l2(transformer.forward(golden.latents, golden.timestep, text), golden.sample),
              tolerance)
        << (padding == PaddingRows::merge ? "padding merged" : "padding kept");
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, WanTransformerGolden,
                         testing::Values("plain", "batch", "patches", "per_frame", "per_token", "image",
                                         "two_images"),
                         [](const auto& info) { return std::string(info.param); });

TEST(WanTransformer, MergesThePaddingRowsIntoOneKey) {
  const Golden golden("plain");  // 7 rows of 512
  const WanTransformer transformer = load_transformer(transformer_folder("plain"), {});
  const TextContext merged = transformer.prepare_text(golden.prompt_embeds);
  const TextContext kept = transformer.prepare_text(golden.prompt_embeds, {}, PaddingRows::keep);
  EXPECT_EQ(merged.blocks[0].key.size(2), 8);
  EXPECT_EQ(kept.blocks[0].key.size(2), 512);
  EXPECT_FALSE(kept.key_bias.defined());
  // The same sum in another order.
  EXPECT_LT(relative_l2(transformer.forward(golden.latents, golden.timestep, merged),
                        transformer.forward(golden.latents, golden.timestep, kept)),
            2e-6);
}

TEST(WanTransformer, MergesFromTheLongestPromptOfABatch) {
  const Golden golden("batch");  // 9 and 7 rows of 24
  const WanTransformer transformer = load_transformer(transformer_folder("batch"), {});
  EXPECT_EQ(transformer.prepare_text(golden.prompt_embeds).blocks[0].key.size(2), 10);
}

TEST(WanTransformer, KeepsEveryRowOfAPromptWithoutPadding) {
  const Golden golden("per_token");
  const WanTransformer transformer = load_transformer(transformer_folder("per_token"), {});
  const TextContext text = transformer.prepare_text(golden.prompt_embeds);
  EXPECT_EQ(text.blocks[0].key.size(2), 30);
  EXPECT_FALSE(text.key_bias.defined());
}

TEST(WanTransformer, MergesAPromptOfEqualRows) {
  const WanTransformer transformer = load_transformer(transformer_folder("plain"), {});
  const Golden golden("plain");
  const at::Tensor zeros = at::zeros_like(golden.prompt_embeds);
  const TextContext merged = transformer.prepare_text(zeros);
  EXPECT_EQ(merged.blocks[0].key.size(2), 1);
  const TextContext kept = transformer.prepare_text(zeros, {}, PaddingRows::keep);
  EXPECT_LT(relative_l2(transformer.forward(golden.latents, golden.timestep, merged),
                        transformer.forward(golden.latents, golden.timestep, kept)),
            2e-6);
}

TEST(WanTransformer, EqualTimestepsOfAllTokensAreOneTimestep) {
  const Golden golden("plain");
  const WanTransformer transformer = load_transformer(transformer_folder("plain"), {});
  const TextContext text = transformer.prepare_text(golden.prompt_embeds);
  const at::Tensor one = transformer.forward(golden.latents, golden.timestep, text);
  const at::Tensor all = transformer.forward(golden.latents, golden.timestep.expand({1, 45}), text);
  EXPECT_TRUE(at::equal(one, all));
}

TEST(WanTransformer, WorksInHalfPrecisionWithNormsAndTablesInFull) {
  const Golden golden("plain");
  const WanTransformer transformer = load_transformer(transformer_folder("plain"), {at::kCPU, at::kBFloat16});
  const TextContext text = transformer.prepare_text(golden.prompt_embeds);
  const at::Tensor sample = transformer.forward(golden.latents, golden.timestep, text);
  EXPECT_EQ(sample.scalar_type(), at::kBFloat16);
  EXPECT_FALSE(text.key_bias.defined());
  // bf16 has 8 bits: a rounding is 2e-3 on average, and some tens follow one another.
  EXPECT_LT(relative_l2(sample.to(at::kFloat), golden.sample), 3e-2);
}

TEST(WanTransformer, RefusesInputsOfTheWrongShape) {
  const Golden golden("plain");
  const WanTransformer transformer = load_transformer(transformer_folder("plain"), {});
  const TextContext text = transformer.prepare_text(golden.prompt_embeds);
  const auto forward = [&](at::IntArrayRef latents, const at::Tensor& timestep) {
    return [&transformer, &text, latents = latents.vec(), timestep] {
      transformer.forward(at::zeros(latents), timestep, text);
    };
  };
  const at::Tensor one = at::full({1}, 500);
  EXPECT_THAT(forward({1, 4, 3, 6, 10}, one), ThrowsMessage<Error>(HasSubstr("[B, 3, T, H, W]")));
  EXPECT_THAT(forward({1, 3, 3, 7, 10}, one), ThrowsMessage<Error>(HasSubstr("multiples of [1, 2, 2]")));
  EXPECT_THAT(forward({2, 3, 3, 6, 10}, one), ThrowsMessage<Error>(HasSubstr("expected [2] or [2, 45]")));
  EXPECT_THAT(forward({1, 3, 3, 6, 10}, at::zeros({1, 44})), ThrowsMessage<Error>(HasSubstr("[1, 44]")));
  EXPECT_THAT(
      [&] {
        transformer.prepare_text(at::zeros({1, 4, 11}));
      },
      ThrowsMessage<Error>(HasSubstr("[1, 4, 11], expected [B, N, 10]")));
  EXPECT_THAT(
      [&] {
        transformer.prepare_text(golden.prompt_embeds, at::zeros({1, 4, 8}));
      },
      ThrowsMessage<Error>(HasSubstr("image_dim")));
}

TEST(WanTransformer, AsksForTheImageThatTheModelAttendsTo) {
  const Golden golden("image");
  const WanTransformer transformer = load_transformer(transformer_folder("image"), {});
  EXPECT_THAT([&] { transformer.prepare_text(golden.prompt_embeds); },
              ThrowsMessage<Error>(HasSubstr("image tokens")));
  const Golden two("two_images");
  const WanTransformer both = load_transformer(transformer_folder("two_images"), {});
  EXPECT_THAT([&] { both.prepare_text(two.prompt_embeds, two.image_embeds.narrow(0, 0, 1)); },
              ThrowsMessage<Error>(HasSubstr("two images, 5 each; got 1 of 5")));
}

}  // namespace
}  // namespace sora::wan
