// Previews: at which steps they are made, and of which latent frames.
#include "pipeline/denoise/previewer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/wan/networks/vae.h"
#include "places.h"

namespace sora {
namespace {

class PreviewerTest : public testing::Test {
 protected:
  PreviewerTest() : vae_(wan::load_vae(test_data() / "pipeline/wan21/vae", {})) {
    plan_.sampling.steps = 30;
    plan_.timeline.windows = {{0, 3, 0}};
    plan_.picture.model_width = plan_.picture.crop_width = plan_.picture.width = 64;
    plan_.picture.model_height = plan_.picture.height = 48;
    plan_.picture.crop_height = 32;
    const std::int64_t channels = vae_->config().z_dim, scale = vae_->spatial_scale();
    latents_ = at::zeros({1, channels, 3, 48 / scale, 64 / scale});
  }

  // All steps, each of which takes as long as it is told; decoding takes no time on this clock.
  void run(Previewer& previewer, double step_seconds) {
    for (int i = 0; i < plan_.sampling.steps; ++i) {
      now_ += step_seconds;
      previewer.offer([&] { return latents_; }, 0);
    }
  }

  std::function<double()> clock() {
    return [this] { return now_; };
  }

  double now_ = 100;
  const c10::InferenceMode inference_;
  Plan plan_;
  std::unique_ptr<wan::WanVae> vae_;
  at::Tensor latents_;
};

TEST_F(PreviewerTest, TakesATenthOfTheTimeAtMost) {
  std::vector<int> steps;
  const PreviewSink sink = [&](const Preview& preview) {
    steps.push_back(preview.step);
    now_ += 0.5;  // as slow as half a step
  };
  Previewer previewer(plan_, *vae_, nullptr, sink, clock());
  run(previewer, 1);
  // The first one is measured; then n of them are due when 5 n seconds have gone by.
  EXPECT_EQ(steps, (std::vector<int>{2, 10, 14, 19, 23, 28}));
  EXPECT_LE(previewer.seconds(), 0.1 * (now_ - 100));
}

TEST_F(PreviewerTest, ShowsTheCropAndMoreFramesWhereTheyAreCheap) {
  std::vector<Preview> previews;
  const PreviewSink sink = [&](const Preview& preview) {
    previews.push_back(preview);
    now_ += 0.01;
  };
  plan_.sampling.steps = 3;
  Previewer previewer(plan_, *vae_, nullptr, sink, clock());
  run(previewer, 1);
  ASSERT_EQ(previews.size(), 2U);
  EXPECT_EQ(previews[0].step, 2);
  EXPECT_EQ(previews[0].width, 64);
  EXPECT_EQ(previews[0].height, 32);
  EXPECT_EQ(previews[1].step, 3);
  EXPECT_EQ(previews[1].width, 3 * 64);
  EXPECT_EQ(previews[1].rgb.size(), 3U * 64 * 32 * 3);
}

TEST_F(PreviewerTest, WithATinyDecoderTheWindowIsAVideo) {
  std::vector<Preview> previews;
  const PreviewSink sink = [&](const Preview& preview) {
    previews.push_back(preview);
    now_ += 0.01 * static_cast<double>(1 + preview.next.size());
  };
  plan_.sampling.steps = 6;
  plan_.timeline.model_fps = 8;
  Previewer previewer(plan_, *vae_, vae_.get(), sink, clock());
  run(previewer, 1);
  ASSERT_GT(previews.size(), 1U);
  EXPECT_TRUE(previews[0].next.empty()) << "what it costs is not known yet";
  EXPECT_EQ(previews[1].width, 64);
  EXPECT_EQ(previews[1].fps, 8);
  ASSERT_EQ(previews[1].next.size(), 8U) << "of three latent frames";
  EXPECT_EQ(previews[1].next[7].size(), 3U * 64 * 32);
  EXPECT_LE(previewer.seconds(), 0.1 * (now_ - 100));
}

TEST_F(PreviewerTest, LeavesTheEyeTimeButShowsTheLastStep) {
  std::vector<int> steps;
  const PreviewSink sink = [&](const Preview& preview) {
    steps.push_back(preview.step);
    now_ += 1e-4;
  };
  Previewer previewer(plan_, *vae_, nullptr, sink, clock());
  run(previewer, 0.09);
  EXPECT_EQ(steps, (std::vector<int>{2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 30}));
}

TEST_F(PreviewerTest, MakesNothingThatNobodyLooksAt) {
  const PreviewSink sink = [](const Preview&) {};
  Previewer previewer(plan_, *vae_, nullptr, sink, clock());
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
