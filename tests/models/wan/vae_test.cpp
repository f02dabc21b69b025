#include "models/wan/networks/vae.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace sora::wan {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

std::filesystem::path folder_of(const std::string& name) { return test_data() / "vae" / name; }

at::Tensor golden(const std::string& name, const std::string& tensor) {
  return read_tensor(folder_of(name) / "golden.safetensors", tensor);
}

double relative_l2(const at::Tensor& x, const at::Tensor& expected) {
  return ((x - expected).norm() / expected.norm()).item<double>();
}

// Both compute in fp32, in another order of summation: some fifty layers, each with a rounding of 6e-8,
// which norms do not amplify. A wrong tap, gamma or phase shows as 1e-2 or more.
constexpr double tolerance = 1e-5;

class WanVaeGolden : public testing::TestWithParam<const char*> {
 protected:
  // Tensors of a few hundred values gain nothing from threads, and wait for them where cores are busy.
  WanVaeGolden() { at::set_num_threads(1); }

 private:
  const c10::InferenceMode inference_;
};

TEST_P(WanVaeGolden, DecodesAsDiffusersDoes) {
  const auto vae = load_vae(folder_of(GetParam()), {});
  const at::Tensor expected = golden(GetParam(), "decoded");
  const at::Tensor video = vae->decode(golden(GetParam(), "latents"));
  ASSERT_EQ(video.sizes(), expected.sizes());
  EXPECT_LE(relative_l2(video, expected), tolerance);
}

TEST_P(WanVaeGolden, EncodesAsDiffusersDoes) {
  const auto vae = load_vae(folder_of(GetParam()), {});
  const at::Tensor expected = golden(GetParam(), "encoded");
  const at::Tensor latents = vae->encode(golden(GetParam(), "video"));
  ASSERT_EQ(latents.sizes(), expected.sizes());
  EXPECT_LE(relative_l2(latents, expected), tolerance);
}

INSTANTIATE_TEST_SUITE_P(Checkpoints, WanVaeGolden,
                         testing::Values("plain", "plain_early", "plain_once", "residual", "residual_small",
                                         "residual_picture"),
                         [](const auto& info) { return std::string(info.param); });

TEST(WanVae, StreamsThatRunInTurnsDoNotSeeEachOther) {
  const c10::InferenceMode inference;
  const auto vae = load_vae(folder_of("residual_small"), {});
  const at::Tensor latents = golden("residual_small", "latents");
  const at::Tensor expected = golden("residual_small", "decoded");
  const auto forward = vae->decoder();
  const auto other = vae->decoder();
  std::vector<at::Tensor> chunks;
  for (std::int64_t t = 0; t < latents.size(2); ++t) {
    chunks.push_back(forward->next(latents.narrow(2, t, 1)));
    EXPECT_EQ(chunks.back().size(2), t == 0 ? 1 : vae->temporal_scale());
    (void)other->next(latents.narrow(2, latents.size(2) - 1 - t, 1));
  }
  EXPECT_LE(relative_l2(at::cat(chunks, 2), expected), tolerance);
}

TEST(WanVae, StatesItsScales) {
  const auto vae = load_vae(folder_of("residual"), {});
  EXPECT_EQ(vae->spatial_scale(), 16);
  EXPECT_EQ(vae->temporal_scale(), 4);
}

TEST(WanVae, WrongShapesAreErrorsThatNameBoth) {
  const auto vae = load_vae(folder_of("plain"), {});
  EXPECT_THAT(
      [&] {
        (void)vae->decoder()->next(at::zeros({1, 4, 1, 3, 5}));
      },
      ThrowsMessage<Error>(HasSubstr("[1, 4, 1, 3, 5], expected [1, 3, 1, h, w]")));
  EXPECT_THAT(
      [&] {
        (void)vae->encoder()->next(at::zeros({1, 3, 1, 24, 42}));
      },
      ThrowsMessage<Error>(HasSubstr("multiples of 8")));
  EXPECT_THAT(
      [&] {
        (void)vae->encoder()->next(at::zeros({1, 3, 4, 24, 40}));
      },
      ThrowsMessage<Error>(HasSubstr("expected [1, 3, 1, H, W]")));
}

TEST(WanVae, EncoderWeightsAreCheckedThoughTheyAreReadLater) {
  const TemporaryFolder copy;
  // An encoder of two resnets a stage where the file has one.
  std::filesystem::copy_file(folder_of("plain_once") / "diffusion_pytorch_model.safetensors",
                             copy / "diffusion_pytorch_model.safetensors");
  std::filesystem::copy_file(folder_of("plain") / "config.json", copy / "config.json");
  EXPECT_THAT([&] { (void)load_vae(copy.path(), {}); }, ThrowsMessage<Error>(HasSubstr("encoder.")));
}

}  // namespace
}  // namespace sora::wan
