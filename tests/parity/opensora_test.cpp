// Open-Sora 2.0 against its own Python (scripts/goldens/opensora.py), from the prompt to the pixels: text to
// video and image to video, with both guidances. The seed is the reference's, too.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "places.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

// Single precision in another order of summation, over 13 steps.
constexpr double kTolerance = 1e-4;

TEST(OpenSoraParity, FramesAreThoseOfItsOwnLoop) {
  const fs::path folder = test_data() / "opensora";
  const auto golden = nlohmann::json::parse(read_text(folder / "cases.json", "test"));
  const TemporaryFolder work;
  Generator generator;
  for (const auto& item : golden["cases"]) {
    SCOPED_TRACE(item.dump());
    Request request;
    request.prompt = item["prompt"];
    request.res = std::to_string(item["width"].get<int>()) + "x" + std::to_string(item["height"].get<int>());
    request.frames = item["frames"].get<int>();
    request.steps = item["steps"].get<int>();
    request.guidance = item["guidance"].get<double>();
    request.seed = item["seed"].get<std::uint64_t>();
    request.device = "cpu";
    request.output = (work / "video.mkv").string();
    request.codec = "ffv1";
    request.overwrite = true;
    request.dump_tensors = (work / "dump.safetensors").string();
    request.model = (folder / "model").string();
    if (item.contains("image")) {
      request.verb = "animate";
      request.image = (folder / item["image"].get<std::string>()).string();
    }
    EXPECT_EQ(generator.run(make_plan(request)).frames, *request.frames);
    for (const char* name : {"latents", "video"}) {
      const at::Tensor want = read_tensor(folder / item["tensors"].get<std::string>(), name);
      const at::Tensor got = read_tensor(*request.dump_tensors, name);
      ASSERT_EQ(got.sizes(), want.sizes()) << name;
      EXPECT_LT((got - want).norm().item<double>() / want.norm().item<double>(), kTolerance) << name;
    }
  }
}

}  // namespace
}  // namespace sora
