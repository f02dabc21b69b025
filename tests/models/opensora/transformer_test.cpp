#include "models/opensora/networks/transformer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "error_of.h"
#include "places.h"
#include "weights/tensor_file.h"

namespace sora::opensora {
namespace {

namespace fs = std::filesystem;
const fs::path kData = test_data() / "opensora";

class TransformerGoldens : public testing::TestWithParam<const char*> {
 protected:
  at::Tensor golden(const char* what) const {
    return read_tensor(kData / "transformer.safetensors", std::string(GetParam()) + "." + what);
  }
  MmditTransformer network() const {
    const bool published = GetParam() == std::string("published");
    return load_transformer(kData / (published ? "model/Open_Sora_v2.safetensors" : "fused.safetensors"), {});
  }
};

// published: matrices of their own, halves of a head are rotated; fused: one matrix, neighbours are rotated,
// and the scale of the guidance is an input.
INSTANTIATE_TEST_SUITE_P(Forms, TransformerGoldens, testing::Values("published", "fused"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(TransformerGoldens, PredictionIsThatOfOpenSora) {
  const MmditTransformer transformer = network();
  const auto text = transformer.prepare_with_vector(golden("text"), golden("vector"), {});
  const at::Tensor made = transformer.predict(golden("latents"), at::tensor({731.1}, at::kFloat), *text);
  const at::Tensor expected = golden("made");
  ASSERT_EQ(made.sizes(), expected.sizes());
  // Sums in another order, in fp32, and a timestep that is rounded once more.
  EXPECT_LT((made - expected).abs().max().item<double>(), 1e-4);
}

TEST_P(TransformerGoldens, WithoutKnownFramesTheConditionIsZero) {
  const MmditTransformer transformer = network();
  const auto text = transformer.prepare_with_vector(golden("text"), golden("vector"), {});
  const at::Tensor time = at::tensor({500.0}, at::kFloat);
  at::Tensor latents = golden("latents").clone();
  latents.narrow(1, 4, 5).zero_();
  const at::Tensor a = transformer.predict(latents, time, *text);
  const at::Tensor b = transformer.predict(latents.narrow(1, 0, 4), time, *text);
  EXPECT_LT((a - b).abs().max().item<double>(), 1e-5);
}

TEST(OpenSoraTransformer, SizesAreSeenFromShapes) {
  const TransformerConfig config = open_transformer(kData / "model/Open_Sora_v2.safetensors").config;
  EXPECT_EQ(config.latent_channels, 4);
  EXPECT_EQ(config.hidden_size, 64);
  EXPECT_EQ(config.num_heads, 2);
  EXPECT_EQ(config.mlp_dim, 128);
  EXPECT_EQ(config.depth, 1);
  EXPECT_EQ(config.depth_single_blocks, 1);
  EXPECT_FALSE(config.fused_qkv);
  EXPECT_FALSE(config.guidance_embed);
  const TransformerConfig fused = open_transformer(kData / "fused.safetensors").config;
  EXPECT_TRUE(fused.fused_qkv);
  EXPECT_TRUE(fused.guidance_embed);
  EXPECT_FALSE(fused.qkv_bias);
}

TEST(OpenSoraTransformer, AnotherFileIsRefused) {
  const std::string error = test::error_of(
      [] { (void)open_transformer(kData / "model/hunyuan_vae.safetensors"); }, ErrorKind::data);
  EXPECT_NE(error.find("is no transformer of Open-Sora 2.0"), std::string::npos) << error;
}

TEST(OpenSoraTransformer, APromptWithoutItsVectorIsAFault) {
  const MmditTransformer transformer = load_transformer(kData / "model/Open_Sora_v2.safetensors", {});
  test::error_of(
      [&] {
        (void)transformer.prepare_with_vector(at::zeros({1, 2, 24}), {}, {});
      },
      ErrorKind::internal);
}

}  // namespace
}  // namespace sora::opensora
