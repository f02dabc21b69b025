// animate and remix against diffusers 0.42.1 (scripts/goldens/verbs.py), from the input's pixels to the
// output's.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint/tensor_file.h"
#include "core/file.h"
#include "sora/generator.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

// As in pipeline_test.cpp: single precision in another order of summation.
constexpr double kTolerance = 5e-5;

TEST(VerbsParity, AnimateAndRemixMatchDiffusersFromPixelsToPixels) {
  const fs::path folder = fs::path(SORA_TEST_DATA) / "verbs";
  const fs::path work = fs::temp_directory_path() / ("sora-verbs-parity-" + std::to_string(::getpid()));
  fs::create_directories(work);
  const auto golden = nlohmann::json::parse(read_text(folder / "cases.json", "test"));
  ASSERT_GE(golden["cases"].size(), 4U);
  Generator generator;
  for (const auto& item : golden["cases"]) {
    SCOPED_TRACE(item.dump());
    const std::string expected = (folder / item["tensors"].get<std::string>()).string();
    Request request;
    request.verb = item["verb"];
    const std::string input = (folder / item["input"].get<std::string>()).string();
    (request.verb == "animate" ? request.image : request.input) = input;
    request.model = std::string(SORA_TEST_DATA) + "/pipeline/" + item["model"].get<std::string>();
    request.prompt = item["prompt"];
    if (item.contains("negative_prompt"))
      request.negative_prompt = item["negative_prompt"].get<std::string>();
    if (item.contains("strength")) request.strength = item["strength"].get<double>();
    request.res = std::to_string(item["width"].get<int>()) + "x" + std::to_string(item["height"].get<int>());
    request.frames = item["frames"].get<int>();
    request.steps = item["steps"].get<int>();
    request.guidance = item["guidance"].get<double>();
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
  }
  fs::remove_all(work);
}

}  // namespace
}  // namespace sora
