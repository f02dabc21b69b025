#include "verb_case.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "weights/tensor_file.h"

namespace sora::test {

// As in pipeline_test.cpp: single precision in another order of summation.
constexpr double kTolerance = 5e-5;

Request case_request(const nlohmann::json& item, const std::string& tensors,
                     const std::filesystem::path& work) {
  Request request;
  request.prompt = item["prompt"];
  if (item.contains("negative_prompt")) request.negative_prompt = item["negative_prompt"].get<std::string>();
  request.res = std::to_string(item["width"].get<int>()) + "x" + std::to_string(item["height"].get<int>());
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
  write_tensors(*request.init_noise, {{"latents", read_tensor(tensors, "noise")}});
  request.dump_tensors = (work / "dump.safetensors").string();
  return request;
}

void expect_as_diffusers(Generator& generator, const Request& request, const std::string& tensors) {
  const Result result = generator.run(make_plan(request));
  EXPECT_EQ(result.frames, *request.frames);
  for (const char* name : {"noise_pred_0", "latents", "video"}) {
    const at::Tensor want = read_tensor(tensors, name);
    const at::Tensor got = read_tensor(*request.dump_tensors, name);
    ASSERT_EQ(got.sizes(), want.sizes()) << name;
    EXPECT_LT((got - want).norm().item<double>() / want.norm().item<double>(), kTolerance) << name;
  }
}

}  // namespace sora::test
