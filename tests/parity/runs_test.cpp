// Whole runs with step caches, listed noise levels, steps with fresh noise, and guidance in a part of the
// steps, against diffusers 0.42.1 (scripts/goldens/runs.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/file.h"
#include "core/log.h"
#include "places.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

using Json = nlohmann::json;

// Single precision in another order of summation, amplified over the steps by random networks.
constexpr double kTolerance = 5e-5;

const fs::path kCases = test_data() / "runs/cases.json";

Json golden_runs() { return Json::parse(read_text(kCases, "test"))["cases"]; }

class Runs : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kCases)) GTEST_SKIP() << kCases << " is missing; scripts/goldens/runs.py writes it";
  }
};

// A copy of the model, with the ratios that --cache mag needs.
std::string model_of(const Json& item, const TemporaryFolder& work) {
  const fs::path model = test_data() / "pipeline" / item["model"].get<std::string>();
  if (!item.contains("ratios")) return model.string();
  const fs::path copy = work / "model";
  fs::copy(model, copy, fs::copy_options::recursive);
  std::ofstream(copy / "sora-gen.json") << Json{{"mag_ratios", item["ratios"]}}.dump();
  return copy.string();
}

Request request_of(const Json& item, const TemporaryFolder& work) {
  Request request;
  request.model = model_of(item, work);
  request.prompt = item["prompt"];
  request.negative_prompt = item["negative_prompt"].get<std::string>();
  request.res = std::to_string(item["width"].get<int>()) + "x" + std::to_string(item["height"].get<int>());
  request.frames = item["frames"].get<int>();
  request.guidance = item["guidance"].get<double>();
  if (item.contains("guidance_2")) request.guidance_2 = item["guidance_2"].get<double>();
  if (item.contains("scheduler")) request.scheduler = item["scheduler"].get<std::string>();
  if (item.contains("cache")) request.cache = item["cache"].get<std::string>();
  if (item.contains("guidance_range")) request.guidance_range = item["guidance_range"].get<std::string>();
  if (item.contains("sigmas")) {
    std::string list;
    for (const double level : item["sigmas"]) list += std::to_string(level) + ",";
    request.sigmas = list;
  } else {
    request.steps = item["steps"].get<int>();
  }
  request.seed = item["seed"].get<std::uint64_t>();
  request.device = "cpu";
  request.output = (work / "video.mkv").string();
  request.codec = "ffv1";
  request.overwrite = true;
  request.dump_tensors = (work / "dump.safetensors").string();
  return request;
}

TEST_F(Runs, EqualThoseOfDiffusers) {
  Generator generator;
  for (const auto& item : golden_runs()) {
    SCOPED_TRACE(item.dump());
    const TemporaryFolder work;
    const Request request = request_of(item, work);
    generator.run(make_plan(request));
    const at::Tensor expected =
        read_tensor(test_data() / "runs" / item["tensors"].get<std::string>(), "latents");
    const at::Tensor found = read_tensor(*request.dump_tensors, "latents");
    ASSERT_EQ(found.sizes(), expected.sizes());
    EXPECT_LT((found - expected).norm().item<double>() / expected.norm().item<double>(), kTolerance);
  }
}

// The cases would show nothing if no step was skipped in them, or all that may be.
TEST_F(Runs, WithACacheComputeSomeStepsAndSkipOthers) {
  for (const auto& item : golden_runs()) {
    if (!item.contains("cache")) continue;
    SCOPED_TRACE(item.dump());
    const int calls = item["steps"].get<int>() * (item["guidance"].get<double>() > 1 ? 2 : 1);
    EXPECT_GT(item["computed"].get<int>(), calls / 5);
    EXPECT_LT(item["computed"].get<int>(), calls);
  }
}

TEST_F(Runs, WithMagComputeAsManyStepsAsThePlanSays) {
  for (const auto& item : golden_runs()) {
    if (!item.contains("ratios")) continue;
    SCOPED_TRACE(item.dump());
    const TemporaryFolder work;
    const Plan plan = make_plan(request_of(item, work));
    const int branches = item["guidance"].get<double>() > 1 ? 2 : 1;
    EXPECT_EQ(plan.sampling.cache.computed * branches, item["computed"].get<int>());
  }
}

}  // namespace
}  // namespace sora
