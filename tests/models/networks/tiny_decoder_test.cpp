// Tiny decoders against taehv.py, on random weights (scripts/goldens/tiny_decoder.py).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "error_of.h"
#include "models/tiny_decoder.h"
#include "models/networks/tiny_autoencoder.h"
#include "models/wan/networks/vae.h"
#include "places.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace sora::tiny {
namespace {

namespace fs = std::filesystem;
const fs::path kData = test_data() / "tiny";

// Stands for the large autoencoder, of which the scales and the mean are asked for.
class Large final : public VideoAutoencoder {
 public:
  explicit Large(const Latents& latents) : latents_(latents) {}
  std::int64_t temporal_scale() const override { return latents_.temporal_scale; }
  std::int64_t spatial_scale() const override { return latents_.spatial_scale; }
  at::Tensor unnormalised(const at::Tensor& latents) const override { return latents * 2 + 1; }
  std::unique_ptr<DecoderStream> decoder() const override { return {}; }
  std::unique_ptr<EncoderStream> encoder() const override { return {}; }

 private:
  Latents latents_;
};

struct Kind {
  const char* name;
  Latents latents;
};

class TinyDecoderGoldens : public testing::TestWithParam<Kind> {
 protected:
  const fs::path file_ = kData / (std::string(GetParam().name) + ".safetensors");
  at::Tensor golden(const char* name) const {
    return read_tensor(kData / (std::string(GetParam().name) + ".golden.safetensors"), name);
  }
  const c10::InferenceMode inference_;
  const Large large_{GetParam().latents};
};

INSTANTIATE_TEST_SUITE_P(Kinds, TinyDecoderGoldens,
                         testing::Values(Kind{"taew2_1", {4, 4, 8}}, Kind{"taew2_2", {6, 4, 16}},
                                         Kind{"taew2_2_super", {6, 4, 16}}, Kind{"taeltx_2", {8, 8, 32}}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(TinyDecoderGoldens, FramesAreThoseOfTaehv) {
  const TinyAutoencoder vae(open(file_, GetParam().latents), {}, large_);
  const at::Tensor frames = vae.decode(golden("latents")), wanted = golden("frames");
  ASSERT_EQ(frames.sizes(), wanted.sizes());
  EXPECT_GT(wanted.std().item<double>(), 0.1);
  EXPECT_LT((frames - wanted).abs().max().item<double>(), 1e-4);
}

TEST_P(TinyDecoderGoldens, ItIsAStream) {
  const TinyAutoencoder vae(open(file_, GetParam().latents), {}, large_);
  const auto stream = vae.decoder();
  const at::Tensor latents = golden("latents"), wanted = golden("frames");
  std::int64_t shown = 0;
  for (std::int64_t t = 0; t < latents.size(2); ++t) {
    const at::Tensor chunk = stream->next(latents.narrow(2, t, 1));
    EXPECT_EQ(chunk.size(2), t == 0 ? 1 : GetParam().latents.temporal_scale);
    EXPECT_LT((chunk - wanted.narrow(2, shown, chunk.size(2))).abs().max().item<double>(), 1e-4);
    shown += chunk.size(2);
  }
}

TEST_P(TinyDecoderGoldens, OtherLatentsAreRefused) {
  Latents other = GetParam().latents;
  other.channels += 1;
  test::expect_error([&] { (void)open(file_, other); }, ErrorKind::data, "decodes other latents");
}

TEST(TinyDecoder, ThoseOfLightX2VTakeLatentsThatAreNotNormalised) {
  const TemporaryFolder folder;
  const Latents latents{4, 4, 8};
  const Large large(latents);
  fs::copy_file(kData / "taew2_1.safetensors", folder / "lighttaew2_1.safetensors");
  const TinyAutoencoder usual(open(kData / "taew2_1.safetensors", latents), {}, large);
  const TinyAutoencoder light(open(folder / "lighttaew2_1.safetensors", latents), {}, large);
  const at::Tensor x = read_tensor(kData / "taew2_1.golden.safetensors", "latents");
  EXPECT_TRUE(light.decode(x).equal(usual.decode(x * 2 + 1)));
}

TEST(TinyDecoder, OtherFilesAreRefused) {
  const TemporaryFolder folder;
  test::expect_error(
      [] { (void)open(test_data() / "pipeline/wan21/vae/diffusion_pytorch_model.safetensors", {4, 4, 8}); },
      ErrorKind::data, "is no tiny decoder (TAEHV)");
  std::ofstream(folder / "taew2_1.pth", std::ios::binary) << "PK\x03\x04 archive/data.pkl";
  test::expect_error([&] { (void)open(folder / "taew2_1.pth", {4, 4, 8}); }, ErrorKind::refused, "taew2_1.pth");
  test::expect_error([&] { (void)open(folder / "none.safetensors", {4, 4, 8}); }, ErrorKind::no_input, "none");
}

TEST(WanVae, UndoesItsNormalisation) {
  const auto vae = wan::load_vae(test_data() / "pipeline/wan21/vae", {});
  const at::Tensor x = at::randn({1, vae->config().z_dim, 2, 1, 1});
  const at::Tensor raw = vae->unnormalised(x);
  for (std::int64_t c = 0; c < x.size(1); ++c) {
    const auto i = static_cast<std::size_t>(c);
    const at::Tensor wanted = x[0][c] * vae->config().latents_std[i] + vae->config().latents_mean[i];
    EXPECT_LT((raw[0][c] - wanted).abs().max().item<double>(), 1e-5);
  }
}

}  // namespace
}  // namespace sora::tiny
