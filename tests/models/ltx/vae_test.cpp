#include "models/ltx/networks/vae.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/ltx/golden_ltx.h"
#include "sora/error.h"

namespace sora::ltx {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Both compute in fp32, in another order of summation. A wrong tap, order of channels or end of a clip shows
// as 1e-2 or more.
constexpr double tolerance = 1e-5;

// v090: a decoder whose width changes in front of the doublings; v091: a residual one that takes a timestep
// and injects noise; v095: an encoder that folds.
class LtxVaeGolden : public testing::TestWithParam<const char*> {
 protected:
  LtxVaeGolden() { at::set_num_threads(1); }
  static std::unique_ptr<LtxVae> load() { return load_vae(model_folder(GetParam()) / "vae", {}); }

 private:
  const c10::InferenceMode inference_;
};

TEST_P(LtxVaeGolden, DecodesAsDiffusersDoes) {
  const auto vae = load();
  for (const std::string clip : {"clip", "still"}) {
    const at::Tensor expected = golden(GetParam(), clip + "_decoded");
    const at::Tensor video = seen_pixels(vae->decode(golden(GetParam(), clip + "_latents")));
    ASSERT_EQ(video.sizes(), expected.sizes());
    EXPECT_LE(relative_l2(video, expected), tolerance) << clip;
  }
}

TEST_P(LtxVaeGolden, EncodesAsDiffusersDoes) {
  const auto vae = load();
  const at::Tensor expected = golden(GetParam(), "encoded");
  const at::Tensor latents = vae->encode(golden(GetParam(), "video"));
  ASSERT_EQ(latents.sizes(), expected.sizes());
  EXPECT_LE(relative_l2(latents, expected), tolerance);
}

TEST_P(LtxVaeGolden, StreamsThatRunInTurnsDoNotSeeEachOther) {
  const auto vae = load();
  const at::Tensor latents = golden(GetParam(), "clip_latents");
  const auto forward = vae->decoder(), other = vae->decoder();
  std::vector<at::Tensor> chunks;
  for (std::int64_t t = 0; t < latents.size(2); ++t) {
    if (at::Tensor chunk = forward->next(latents.narrow(2, t, 1)); chunk.defined()) chunks.push_back(chunk);
    (void)other->next(latents.narrow(2, latents.size(2) - 1 - t, 1));
  }
  for (at::Tensor chunk = forward->finish(); chunk.defined(); chunk = forward->finish()) {
    chunks.push_back(chunk);
    (void)other->finish();
  }
  EXPECT_LE(relative_l2(seen_pixels(at::cat(chunks, 2)), golden(GetParam(), "clip_decoded")), tolerance);
}

INSTANTIATE_TEST_SUITE_P(Models, LtxVaeGolden, testing::Values("v090", "v091", "v095"),
                         [](const auto& info) { return std::string(info.param); });

TEST(LtxVae, OnlyDecodersWithATimestepTakeNoise) {
  const c10::InferenceMode inference;
  const auto first = load_vae(model_folder("v090") / "vae", {});
  EXPECT_FALSE(first->takes_noise());
  const auto vae = load_vae(model_folder("v091") / "vae", {});
  ASSERT_TRUE(vae->takes_noise());
  at::manual_seed(2);
  const at::Tensor latents = at::randn({1, 8, 2, 1, 1}), noise = at::randn({1, 8, 2, 1, 1});
  const at::Tensor mean =
      read_tensor(model_folder("v091") / "vae/diffusion_pytorch_model.safetensors", "latents_mean")
          .view({1, 8, 1, 1, 1});
  const at::Tensor std =
      read_tensor(model_folder("v091") / "vae/diffusion_pytorch_model.safetensors", "latents_std")
          .view({1, 8, 1, 1, 1});
  const at::Tensor seen = vae->with_noise(latents, noise) * std + mean;
  EXPECT_LE(relative_l2(seen, (latents * std + mean) * 0.975 + noise * 0.025), 1e-6);
}

TEST(LtxVae, StatesItsScales) {
  for (const char* name : {"v090", "v095"}) {
    const auto vae = load_vae(model_folder(name) / "vae", {});
    EXPECT_EQ(vae->spatial_scale(), 32);
    EXPECT_EQ(vae->temporal_scale(), 8);
  }
}

TEST(LtxVae, WrongShapesAreErrorsThatNameBoth) {
  const auto vae = load_vae(model_folder("v090") / "vae", {});
  EXPECT_THAT(
      [&] {
        (void)vae->decoder()->next(at::zeros({1, 4, 1, 3, 5}));
      },
      ThrowsMessage<Error>(HasSubstr("[1, 4, 1, 3, 5], expected [1, 10, 1, h, w]")));
  EXPECT_THAT(
      [&] {
        (void)vae->encoder()->next(at::zeros({1, 3, 8, 32, 64}));
      },
      ThrowsMessage<Error>(HasSubstr("expected [1, 3, 1, H, W]")));
  EXPECT_THAT(
      [&] {
        (void)vae->encoder()->next(at::zeros({1, 3, 1, 32, 48}));
      },
      ThrowsMessage<Error>(HasSubstr("multiples of 32")));
}

}  // namespace
}  // namespace sora::ltx
