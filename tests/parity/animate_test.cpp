// animate with models of image to video against diffusers 0.42.1 (scripts/goldens/image_pipeline.py), from
// the files of the images to the output's pixels.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint/tensor_file.h"
#include "core/file.h"
#include "sora/error.h"
#include "sora/generator.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

// As in pipeline_test.cpp: single precision in another order of summation.
constexpr double kTolerance = 5e-5;

TEST(AnimateParity, ImageToVideoMatchesDiffusersFromFileToPixels) {
  const fs::path work = fs::temp_directory_path() / ("sora-animate-parity-" + std::to_string(::getpid()));
  fs::create_directories(work);
  Generator generator;
  for (const char* family : {"i2v", "flf2v", "i2v_a14b"}) {
    const fs::path folder = fs::path(SORA_TEST_DATA) / "image" / family;
    const auto golden = nlohmann::json::parse(read_text(folder / "cases.json", "test"));
    for (const auto& item : golden["cases"]) {
      SCOPED_TRACE(family + item.dump());
      const std::string expected = (folder / item["tensors"].get<std::string>()).string();
      Request request;
      request.verb = "animate";
      request.image = (folder / item["image"].get<std::string>()).string();
      if (item.contains("last_image"))
        request.last_image = (folder / item["last_image"].get<std::string>()).string();
      request.fit = "stretch";
      request.model = folder.string();
      request.prompt = item["prompt"];
      if (item.contains("negative_prompt"))
        request.negative_prompt = item["negative_prompt"].get<std::string>();
      request.res =
          std::to_string(item["width"].get<int>()) + "x" + std::to_string(item["height"].get<int>());
      request.frames = item["frames"].get<int>();
      request.steps = item["steps"].get<int>();
      request.guidance = item["guidance"].get<double>();
      if (item.contains("guidance_2")) request.guidance_2 = item["guidance_2"].get<double>();
      request.seed = 99;  // the noise is the file's
      request.device = "cpu";
      request.output = (work / "video.mkv").string();
      request.codec = "ffv1";
      request.overwrite = true;
      request.init_noise = (work / "noise.safetensors").string();
      write_tensors(*request.init_noise, {{"latents", read_tensor(expected, "noise")}});
      request.dump_tensors = (work / "dump.safetensors").string();

      const Result result = generator.run(make_plan(request));
      EXPECT_EQ(result.frames, *request.frames);
      for (const char* name : {"noise_pred_0", "latents", "video"}) {
        const at::Tensor want = read_tensor(expected, name);
        const at::Tensor got = read_tensor(*request.dump_tensors, name);
        ASSERT_EQ(got.sizes(), want.sizes()) << name;
        EXPECT_LT((got - want).norm().item<double>() / want.norm().item<double>(), kTolerance) << name;
      }
      request.verb = "generate";
      request.image = request.last_image = request.fit = std::nullopt;
      EXPECT_THROW(make_plan(request), Error);
    }
  }
  fs::remove_all(work);
}

}  // namespace
}  // namespace sora
