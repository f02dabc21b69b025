// LTX-Video against LTXPipeline, LTXImageToVideoPipeline and LTXConditionPipeline of diffusers 0.42.1
// (scripts/goldens/ltx.py), from the prompt to the pixels. The seed is diffusers' too: it decides the noise
// of the latents, and that which a decoder with a timestep takes.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "places.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "verb_case.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

// As in pipeline_test.cpp: single precision in another order of summation.
constexpr double kTolerance = 5e-5;

class LtxParity : public testing::TestWithParam<const char*> {};

TEST_P(LtxParity, MatchesDiffusersFromPromptToPixels) {
  const fs::path folder = test_data() / "ltx" / GetParam();
  const auto golden = nlohmann::json::parse(read_text(folder / "cases.json", "test"));
  const TemporaryFolder work;
  Generator generator;
  for (const auto& item : golden["cases"]) {
    SCOPED_TRACE(item.dump());
    const std::string expected = (folder / item["tensors"].get<std::string>()).string();
    Request request = test::case_request(item, expected, work.path());
    request.init_noise.reset();
    request.seed = item["seed"].get<std::uint64_t>();
    request.fps = item["fps"].get<double>();
    request.model = folder.string();
    if (item.contains("image")) {
      request.verb = "animate";
      request.image = (folder / item["image"].get<std::string>()).string();
    }
    EXPECT_EQ(generator.run(make_plan(request)).frames, *request.frames);
    for (const char* name : {"noise_pred_0", "latents", "video"}) {
      const at::Tensor want = read_tensor(expected, name);
      at::Tensor got = read_tensor(*request.dump_tensors, name);
      // LTXImageToVideoPipeline leaves the image's latent frame out of the prediction.
      if (name == std::string("noise_pred_0") && item.contains("image"))
        got = got.narrow(2, got.size(2) - want.size(2), want.size(2));
      ASSERT_EQ(got.sizes(), want.sizes()) << name;
      EXPECT_LT((got - want).norm().item<double>() / want.norm().item<double>(), kTolerance) << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, LtxParity, testing::Values("v090", "v091", "v095", "v097"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace sora
