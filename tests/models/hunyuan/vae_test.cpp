#include "models/hunyuan/networks/vae.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "error_of.h"
#include "models/hunyuan/vae_memory.h"
#include "places.h"
#include "weights/tensor_file.h"

namespace sora::hunyuan {
namespace {

namespace fs = std::filesystem;
const fs::path kData = test_data() / "opensora";

at::Tensor golden(const std::string& name) {
  return read_tensor(kData / "vae.safetensors", name).to(at::kFloat);
}

double difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

class HunyuanVaeGoldens : public testing::TestWithParam<const char*> {
 protected:
  // The tiled clip is stored in half precision.
  double tolerance() const { return GetParam() == std::string("tiled") ? 1e-3 : 3e-5; }
  std::string name(const char* what) const { return std::string(GetParam()) + "." + what; }

  std::unique_ptr<HunyuanVae> vae_ = load_vae(kData / "model/hunyuan_vae.safetensors", {});
};

// one: a picture; clip: nine frames of an odd size; tiled: wider than a tile.
INSTANTIATE_TEST_SUITE_P(Clips, HunyuanVaeGoldens, testing::Values("one", "clip", "tiled"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(HunyuanVaeGoldens, FramesAreThoseOfOpenSora) {
  EXPECT_LT(difference(vae_->decode(golden(name("latents"))), golden(name("decoded"))), tolerance());
}

TEST_P(HunyuanVaeGoldens, LatentsAreThoseOfOpenSora) {
  EXPECT_LT(difference(vae_->encode(golden(name("video"))), golden(name("encoded"))), 3e-5);
}

TEST(HunyuanVae, GivesFramesAtTheEndOfTheClip) {
  const auto vae = load_vae(kData / "model/hunyuan_vae.safetensors", {});
  const auto stream = vae->decoder();
  const at::Tensor latents = golden("clip.latents");
  for (std::int64_t t = 0; t < 3; ++t) EXPECT_FALSE(stream->next(latents.narrow(2, t, 1)).defined());
  EXPECT_EQ(stream->finish().size(2), 1);
  EXPECT_EQ(stream->finish().size(2), 4);
  EXPECT_EQ(stream->finish().size(2), 4);
  EXPECT_FALSE(stream->finish().defined());
}

TEST(HunyuanVae, ConfigIsSeenFromShapes) {
  const VaeConfig config = open_vae(kData / "model/hunyuan_vae.safetensors").config;
  EXPECT_EQ(config.block_out_channels, (std::vector<std::int64_t>{8, 8, 16, 16}));
  EXPECT_EQ(config.layers_per_block, 1);
  EXPECT_EQ(config.norm_num_groups, 8);
  EXPECT_EQ(config.latent_channels, 4);
}

TEST(HunyuanVae, MemoryOfTheDecoderIsThatOfATile) {
  const VaeConfig config;
  const auto tile = decoder_bytes(config, 129, 256, 256);
  EXPECT_GT(tile, std::uint64_t{8} << 30);
  EXPECT_LT(tile, std::uint64_t{12} << 30);
  // Beyond a tile only the decoded frames grow.
  EXPECT_LT(decoder_bytes(config, 129, 576, 1024) - tile, std::uint64_t{2} << 30);
}

TEST(HunyuanVae, AnotherFileIsRefused) {
  const std::string error = test::error_of(
      [] { (void)open_vae(test_data() / "clip_text/encoders/gelu/model.safetensors"); }, ErrorKind::data);
  EXPECT_NE(error.find("is no VAE of HunyuanVideo"), std::string::npos) << error;
}

}  // namespace
}  // namespace sora::hunyuan
