// When a run is looked at on its way, and what of it.
#include "pipeline/previewer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace sora {
namespace {

class PreviewerTest : public testing::Test {
 protected:
  PreviewerTest() : vae_(wan::load_vae(std::string(SORA_TEST_DATA) + "/pipeline/wan21/vae", {})) {
    plan_.steps = 30;
    plan_.windows = {{0, 3, 0}};
    plan_.model_width = plan_.crop_width = plan_.width = 64;
    plan_.model_height = plan_.height = 48;
    plan_.crop_height = 32;
    const std::int64_t channels = vae_->config().z_dim, scale = vae_->spatial_scale();
    latents_ = at::zeros({1, channels, 3, 48 / scale, 64 / scale});
  }

  // All steps, each of which takes as long as it is told.
  double run(Previewer& previewer, int step_ms) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < plan_.steps; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(step_ms));
      previewer.offer([&] { return latents_; }, 0);
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  const c10::InferenceMode inference_;
  Plan plan_;
  std::unique_ptr<wan::WanVae> vae_;
  at::Tensor latents_;
};

TEST_F(PreviewerTest, TakesATenthOfTheTimeAtMost) {
  constexpr double kSlow = 0.05;  // seconds that the one who looks takes
  int pictures = 0;
  const PreviewSink sink = [&](const Preview&) {
    ++pictures;
    std::this_thread::sleep_for(std::chrono::duration<double>(kSlow));
  };
  Previewer previewer(plan_, *vae_, sink);
  const double seconds = run(previewer, 20);  // 0.6 s, a tenth of which is one picture
  EXPECT_GE(pictures, 1);
  EXPECT_LE(pictures, 1 + seconds * 0.1 / kSlow) << "the first one is measured";
  EXPECT_GE(previewer.seconds(), pictures * kSlow);
}

TEST_F(PreviewerTest, ShowsTheCropAndMoreFramesWhereTheyAreCheap) {
  std::vector<Preview> previews;
  const PreviewSink sink = [&](const Preview& preview) { previews.push_back(preview); };
  plan_.steps = 3;
  Previewer previewer(plan_, *vae_, sink);
  run(previewer, 600);  // three pictures take far less than a tenth of four such steps
  ASSERT_EQ(previews.size(), 2U);
  EXPECT_EQ(previews[0].step, 2);
  EXPECT_EQ(previews[0].width, 64);
  EXPECT_EQ(previews[0].height, 32);
  EXPECT_EQ(previews[1].step, 3);
  EXPECT_EQ(previews[1].width, 3 * 64);
  EXPECT_EQ(previews[1].rgb.size(), 3U * 64 * 32 * 3);
}

TEST_F(PreviewerTest, MakesNothingThatNobodyLooksAt) {
  const PreviewSink sink = [](const Preview&) {};
  Previewer previewer(plan_, *vae_, sink);
  int made = 0;
  previewer.offer(
      [&] {
        ++made;
        return latents_;
      },
      0);
  EXPECT_EQ(made, 0) << "the first step is noise";
}

}  // namespace
}  // namespace sora
