// A guide frame is led to its picture with the noise level of the other frames, whatever the network
// predicts.
#include "pipeline/denoise/guide_frames.h"

#include <gtest/gtest.h>

#include "sampling/unipc.h"

namespace sora {
namespace {

class Guides : public testing::TestWithParam<PredictionType> {};

TEST_P(Guides, HaveTheNoiseLevelOfEachStepUntilTheyAreReleased) {
  SchedulerConfig config;
  config.prediction_type = GetParam();
  config.use_flow_sigmas = true;
  config.solver_order = 2;
  UniPC scheduler(config, 8, 2.0);
  const at::Tensor noise = at::randn({1, 2, 3, 4, 4});
  ConditioningFrames frames;
  frames.add(at::randn({1, 2, 1, 4, 4}), 2);
  frames.guides = {2};
  const GuideFrames guides(frames, config);

  at::Tensor latents = noise.clone();
  int led = 0;
  for (int i = 0; i < scheduler.steps(); ++i) {
    const bool clean = !guides.conditioning(scheduler, i).empty();
    if (!clean) break;  // from here on it is denoised as the others are
    const at::Tensor prediction = at::randn(latents.sizes());
    latents = scheduler.step(guides.lead_to_guides(prediction, scheduler, i, latents), i, latents);
    const double sigma = scheduler.sigmas()[i + 1].item<double>();
    const at::Tensor expected = (1 - sigma) * frames.latents + sigma * noise.narrow(2, 2, 1);
    // sums of fp32 numbers near 1
    EXPECT_LT((frames_at(latents, frames) - expected).abs().max().item<double>(), 1e-4) << "step " << i;
    ++led;
  }
  EXPECT_GT(led, 2);
  EXPECT_LT(led, scheduler.steps()) << "kept clean to the end, it would come out as four equal frames";
}

INSTANTIATE_TEST_SUITE_P(Predictions, Guides,
                         testing::Values(PredictionType::flow_prediction, PredictionType::sample),
                         [](const auto& info) {
                           return std::string(info.param == PredictionType::sample ? "Sample" : "Flow");
                         });

}  // namespace
}  // namespace sora
