#include "pipeline/inputs/conditioning_frames.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "pipeline/denoise/denoise.h"
#include "places.h"
#include "sampling/noise.h"
#include "sora/error.h"

namespace sora {
namespace {

class ConditioningFramesTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    Request request;
    request.model = test_data() / "pipeline" / GetParam();
    request.prompt = "a lighthouse";
    request.res = "64x48";
    request.frames = 17;
    request.steps = 3;
    request.guidance = 2;
    request.seed = 7;
    request.device = "cpu";
    plan_ = make_plan(request);
    load_model(model_, plan_, true);
    PromptEmbeds prompts;
    prompts.prepare(model_, plan_);
    condition_on_text(model_, plan_, prompts, text_);
    NoiseSource source(7);
    const std::vector<std::int64_t> shape{1, plan_.picture.latent_channels, 5, plan_.picture.latent_height,
                                          plan_.picture.latent_width};
    noise_ = source.draw(shape);
    conditioning_ = source.draw(shape);
  }

  at::Tensor run(const ConditioningFrames& conditioning, std::vector<DenoiseState>* states = nullptr,
                 const DenoiseState* from = nullptr) {
    DenoiseHooks hooks;
    hooks.after_step = [&](const DenoiseState& state) {
      if (states == nullptr) return;
      states->push_back(state);
    };
    return denoise(model_, plan_, text_, noise_, conditioning, hooks, from);
  }

  c10::InferenceMode inference_;
  Plan plan_;
  Model model_;
  Conditioning text_;
  at::Tensor noise_, conditioning_;  // [1, C, 5, h, w]
};

TEST_P(ConditioningFramesTest, KeepsFramesAtBothEndsAndLetsThemShapeTheOthers) {
  ConditioningFrames both;
  both.add(conditioning_.narrow(2, 0, 2), 0);
  both.add(conditioning_.narrow(2, 4, 1), 4);
  const at::Tensor result = run(both);
  EXPECT_TRUE(at::equal(frames_at(result, both), both.latents));

  ConditioningFrames start;
  start.add(conditioning_.narrow(2, 0, 2), 0);
  const at::Tensor free_end = run(start);
  EXPECT_TRUE(at::equal(free_end.narrow(2, 0, 2), conditioning_.narrow(2, 0, 2)));
  const at::Tensor middle = result.narrow(2, 2, 2), other = free_end.narrow(2, 2, 2);
  EXPECT_GT((middle - other).norm().item<double>(), 1e-3 * other.norm().item<double>())
      << "the frames between do not follow the conditioning frame at the end";
}

TEST_P(ConditioningFramesTest, GoesOnFromAnyStepWithTheSameNumbers) {
  ConditioningFrames conditioning;
  conditioning.add(conditioning_.narrow(2, 1, 1), 1);
  conditioning.add(conditioning_.narrow(2, 3, 2), 3);
  std::vector<DenoiseState> states;
  const at::Tensor whole = run(conditioning, &states);
  EXPECT_TRUE(at::equal(run(conditioning, nullptr, &states[1]), whole));
}

TEST_P(ConditioningFramesTest, WhatIsSeenAfterAStepNeverChanges) {
  ConditioningFrames conditioning;
  conditioning.add(conditioning_.narrow(2, 0, 2), 0);
  conditioning.add(conditioning_.narrow(2, 4, 1), 4);
  const auto tensors = [](const DenoiseState& state) {
    std::vector<at::Tensor> all{state.latents};
    all.insert(all.end(), state.scheduler.history.begin(), state.scheduler.history.end());
    if (state.scheduler.last_sample.defined()) all.push_back(state.scheduler.last_sample);
    return all;
  };
  std::vector<at::Tensor> kept, copies;
  DenoiseHooks hooks;
  hooks.after_step = [&](const DenoiseState& state) {
    for (const at::Tensor& tensor : tensors(state)) {
      kept.push_back(tensor);
      copies.push_back(tensor.clone());
    }
  };
  denoise(model_, plan_, text_, noise_, conditioning, hooks).zero_();  // the result is the caller's alone
  ASSERT_GE(kept.size(), 3u);
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_TRUE(at::equal(kept[i], copies[i])) << i;
}

INSTANTIATE_TEST_SUITE_P(Models, ConditioningFramesTest, testing::Values("wan21", "ti2v"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ConditioningFrames, TakesFramesInTheirOrderOnly) {
  ConditioningFrames conditioning;
  const at::Tensor latents = at::zeros({1, 2, 2, 3, 3});
  conditioning.add(latents, 1);
  EXPECT_EQ(conditioning.frames, (std::vector<std::int64_t>{1, 2}));
  EXPECT_THROW(conditioning.add(latents, 2), Error);
}

}  // namespace
}  // namespace sora
