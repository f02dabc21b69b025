// Image to video against diffusers' WanImageToVideoPipeline 0.42.1 (scripts/goldens/image_pipeline.py):
// Wan 2.1 I2V (image encoder), FLF2V (first and last frame), 2.2 I2V (two experts, no image encoder).
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "media/read/video_reader.h"
#include "models/family.h"
#include "models/wan/networks/vae.h"
#include "pipeline/denoise/denoise.h"
#include "pipeline/inputs/image_condition.h"
#include "places.h"
#include "sora/error.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

// As in pipeline_test.cpp: single precision in another order of summation.
constexpr double kTolerance = 5e-5;

double relative_l2(const at::Tensor& got, const at::Tensor& expected) {
  EXPECT_EQ(got.sizes(), expected.sizes());
  return (got - expected).norm().item<double>() / std::max(expected.norm().item<double>(), 1e-12);
}

RgbPicture picture(const fs::path& path) {
  VideoFrame frame = read_image(path);
  return {frame.width, frame.height, std::move(frame.rgb)};
}

// A plan as the planner makes it; the images are not in it here.
Plan plan_of(const fs::path& folder, const nlohmann::json& item) {
  const ModelFacts facts = read_model(folder);
  Plan plan;
  plan.request.model = folder.string();
  plan.request.prompt = item["prompt"];
  plan.model.dir = folder;
  plan.model.family = facts.family->name();
  plan.sampling.negative_prompt = item.value("negative_prompt", "");
  plan.sampling.steps = item["steps"];
  plan.sampling.guidance = item["guidance"];
  plan.sampling.guidance_2 = item.value("guidance_2", plan.sampling.guidance);
  plan.sampling.flow_shift = facts.flow_shift;
  plan.sampling.scheduler = facts.scheduler;
  if (facts.folder.has("transformer_2")) plan.sampling.boundary_ratio = facts.folder.boundary_ratio;
  plan.machine.device = "cpu";
  plan.machine.dtype = "float32";
  return plan;
}

class ImageParity : public testing::TestWithParam<const char*> {};

TEST_P(ImageParity, MatchesDiffusersFromImageToPixels) {
  const c10::InferenceMode inference;
  const fs::path folder = test_data() / "image" / GetParam();
  const auto golden = nlohmann::json::parse(read_text(folder / "cases.json", "test"));
  for (const auto& item : golden["cases"]) {
    SCOPED_TRACE(item.dump());
    const fs::path file = folder / item["tensors"].get<std::string>();
    const Plan plan = plan_of(folder, item);
    Model model;
    load_model(model, plan, true);

    std::vector<RgbPicture> images{picture(folder / item["image"].get<std::string>())};
    if (item.contains("last_image"))
      images.push_back(picture(folder / item["last_image"].get<std::string>()));
    const int width = item["width"], height = item["height"];
    const at::Tensor noise = read_tensor(file, "noise");
    const at::Tensor last = images.size() > 1 ? network_image(images[1], width, height) : at::Tensor();

    Conditioning text;
    text.image_condition =
        image_condition(*model.vae, network_image(images[0], width, height), last, noise.size(2));
    EXPECT_LT(relative_l2(text.image_condition, read_tensor(file, "condition")), kTolerance);
    if (model.image_encoder) {
      text.image_tokens = image_tokens(*model.image_encoder, images);
      EXPECT_LT(relative_l2(text.image_tokens, read_tensor(file, "image_embeds")), kTolerance);
    }
    PromptEmbeds prompts;
    prompts.prepare(model, plan);
    condition_on_text(model, plan, prompts, text);

    at::Tensor first_prediction;
    DenoiseHooks hooks;
    hooks.first_prediction = [&](const at::Tensor& prediction) { first_prediction = prediction; };
    const at::Tensor latents = denoise(model, plan, text, noise, {}, hooks);
    EXPECT_LT(relative_l2(first_prediction, read_tensor(file, "noise_pred_0")), kTolerance);
    EXPECT_LT(relative_l2(latents, read_tensor(file, "latents")), kTolerance);
    const at::Tensor video =
        model.vae->decode(latents)[0].permute({1, 2, 3, 0}).mul(0.5).add(0.5).clamp(0, 1);  // [F, H, W, 3]
    EXPECT_LT(relative_l2(video, read_tensor(file, "video")), kTolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, ImageParity, testing::Values("i2v", "flf2v", "i2v_a14b"),
                         [](const auto& info) { return std::string(info.param); });

// A window that goes on from five frames: the mask says so of both latents, and they are what the frames
// alone are encoded to.
TEST(ImageCondition, TakesMoreThanOneFirstFrame) {
  const c10::InferenceMode inference;
  const fs::path folder = test_data() / "image/i2v";
  const auto vae = wan::load_vae(folder / "vae", {});
  at::manual_seed(1);
  const at::Tensor frames = at::rand({1, 3, 5, 16, 24}).mul(2).sub(1);
  const at::Tensor condition = image_condition(*vae, frames, {}, 4);
  ASSERT_EQ(condition.sizes(), at::IntArrayRef({1, 4 + 4, 4, 2, 3}));
  const at::Tensor mask = condition.narrow(1, 0, 4);
  EXPECT_TRUE(mask.narrow(2, 0, 2).eq(1).all().item<bool>());
  EXPECT_TRUE(mask.narrow(2, 2, 2).eq(0).all().item<bool>());
  EXPECT_LT(relative_l2(condition.narrow(1, 4, 4).narrow(2, 0, 2), vae->encode(frames)), 1e-6);
  EXPECT_THROW(image_condition(*vae, frames.narrow(2, 0, 4), {}, 4), Error);
  EXPECT_THROW(image_condition(*vae, frames, frames.narrow(2, 0, 1), 2), Error);  // no frame between
}

}  // namespace
}  // namespace sora
