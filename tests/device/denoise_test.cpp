// The denoising loop on a device, by itself.
#include "pipeline/denoise/denoise.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "device_case.h"

namespace sora {
namespace {

class DeviceDenoise : public DeviceCase {};

TEST_F(DeviceDenoise, ConditioningFramesOfTheHostAreBroughtToTheDevice) {
  const c10::InferenceMode inference;
  Request asked = request("wan21");
  asked.device = "sim";
  const Plan plan = make_plan(asked);
  Model model;
  load_model(model, plan, true);
  PromptEmbeds prompts;
  prompts.prepare(model, plan);
  Conditioning text;
  condition_on_text(model, plan, prompts, text);
  const auto& picture = plan.picture;
  const std::int64_t C = picture.latent_channels, h = picture.latent_height, w = picture.latent_width;
  ConditioningFrames frames;
  frames.add(at::full({1, C, 1, h, w}, 0.25), 0);
  const at::Tensor latents = denoise(model, plan, text, at::ones({1, C, 3, h, w}), frames, {});
  EXPECT_EQ(latents.device(), model.placement.device);
  EXPECT_TRUE(latents.narrow(2, 0, 1).eq(0.25).all().item<bool>());
  EXPECT_FALSE(latents.narrow(2, 1, 2).eq(0.25).any().item<bool>());
}

}  // namespace
}  // namespace sora
