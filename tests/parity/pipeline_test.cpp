// The whole path against diffusers 0.42.1 (scripts/goldens/pipeline.py), from the prompt to the pixels.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

// Single precision in another order of summation. Random networks amplify it over the steps; what is
// measured here lies between 1e-7 and 1e-5.
constexpr double kTolerance = 5e-5;

double relative_l2(const at::Tensor& got, const at::Tensor& expected) {
  return (got - expected).norm().item<double>() / std::max(expected.norm().item<double>(), 1e-12);
}

double psnr(const at::Tensor& got, const at::Tensor& expected) {
  return -10 * std::log10((got - expected).square().mean().item<double>() + 1e-20);
}

// The golden file has only the rows before the zeros.
at::Tensor with_zero_rows(const at::Tensor& rows) {
  at::Tensor full = at::zeros({1, 512, rows.size(2)});
  full.narrow(1, 0, rows.size(1)).copy_(rows);
  return full;
}

class PipelineParity : public testing::TestWithParam<const char*> {};

TEST_P(PipelineParity, MatchesDiffusersFromPromptToPixels) {
  const fs::path folder = fs::path(SORA_TEST_DATA) / "pipeline" / GetParam();
  const auto golden = nlohmann::json::parse(read_text(folder / "cases.json", "test"));
  const TemporaryFolder work;
  Generator generator;
  for (const auto& item : golden["cases"]) {
    SCOPED_TRACE(item.dump());
    const fs::path expected = folder / item["tensors"].get<std::string>();
    Request request;
    request.model = folder.string();
    request.prompt = item["prompt"];
    if (item.contains("negative_prompt"))
      request.negative_prompt = item["negative_prompt"].get<std::string>();
    request.res = std::to_string(item["width"].get<int>()) + "x" + std::to_string(item["height"].get<int>());
    request.frames = item["frames"].get<int>();
    request.steps = item["steps"].get<int>();
    request.guidance = item["guidance"].get<double>();
    if (item.contains("guidance_2")) request.guidance_2 = item["guidance_2"].get<double>();
    if (item.contains("scheduler")) request.scheduler = item["scheduler"].get<std::string>();
    request.seed = item["seed"].get<std::uint64_t>();
    request.device = "cpu";
    request.output = (work / "video.mkv").string();
    request.codec = "ffv1";
    request.overwrite = true;
    request.dump_tensors = (work / "dump.safetensors").string();

    const Result result = generator.run(make_plan(request));
    EXPECT_EQ(result.frames, *request.frames);

    const auto error = [&](const char* name) {
      const at::Tensor want = read_tensor(expected, name);
      const at::Tensor got = read_tensor(*request.dump_tensors, name);
      const std::string key = name;
      return relative_l2(got, key.find("embeds") == std::string::npos ? want : with_zero_rows(want));
    };
    EXPECT_LT(error("prompt_embeds"), kTolerance);
    if (request.guidance > 1.0) {
      EXPECT_LT(error("negative_prompt_embeds"), kTolerance);
    }
    EXPECT_LT(error("noise_pred_0"), kTolerance);
    EXPECT_LT(error("latents"), kTolerance);
    EXPECT_GT(psnr(read_tensor(*request.dump_tensors, "video"), read_tensor(expected, "video")), 80);
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, PipelineParity, testing::Values("wan21", "ti2v", "a14b"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace sora
