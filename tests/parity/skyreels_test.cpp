// SkyReels-V2 against diffusers 0.42.1 (scripts/goldens/skyreels.py), from the prompt or the image to the
// pixels.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/file.h"
#include "places.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "verb_case.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

const fs::path kData = test_data() / "skyreels";

TEST(SkyReels, MatchesDiffusersFromPromptOrImageToPixels) {
  const TemporaryFolder work;
  Generator generator;
  for (const char* family : {"t2v", "i2v", "df"}) {
    const fs::path folder = kData / family;
    const auto golden = nlohmann::json::parse(read_text(folder / "cases.json", "test"));
    for (const auto& item : golden["cases"]) {
      SCOPED_TRACE(family + item.dump());
      const std::string expected = (folder / item["tensors"].get<std::string>()).string();
      Request request = test::case_request(item, expected, work.path());
      request.model = folder.string();
      if (item.contains("transformer"))
        request.transformer = (folder / item["transformer"].get<std::string>()).string();
      if (item.contains("image")) {
        request.verb = "animate";
        request.image = (folder / item["image"].get<std::string>()).string();
        request.fit = "stretch";
      }
      test::expect_as_diffusers(generator, request, expected);
    }
  }
}

TEST(SkyReels, HasThePublishersDefaults) {
  Request request;
  request.prompt = "x";
  request.device = "cpu";
  request.output = "x.mp4";
  const TemporaryFolder temporary;
  const fs::path copy = temporary / "skyreels-720P";
  fs::copy(kData / "t2v", copy, fs::copy_options::recursive);
  for (const auto& [folder, guidance, shift, frames, width] :
       {std::tuple{kData / "t2v", 6.0, 8.0, 97, 960}, std::tuple{kData / "i2v", 5.0, 5.0, 97, 960},
        std::tuple{copy, 6.0, 8.0, 121, 1280}}) {
    SCOPED_TRACE(folder.string());
    request.model = folder.string();
    const bool image = folder.filename() == "i2v";
    request.verb = image ? "animate" : "generate";
    request.image.reset();
    if (image) request.image = (folder / "image0.png").string();
    request.res = image ? std::optional<std::string>("960x544") : std::nullopt;
    const Plan plan = make_plan(request);
    EXPECT_EQ(plan.sampling.guidance, guidance);
    EXPECT_EQ(plan.sampling.flow_shift, shift);
    EXPECT_EQ(plan.timeline.frames, frames);
    EXPECT_EQ(plan.picture.width, width);
    EXPECT_EQ(plan.sampling.steps, 50);
    EXPECT_EQ(plan.timeline.fps, 24);
    EXPECT_TRUE(plan.sampling.negative_prompt.starts_with("Bright tones"));
  }
}

TEST(SkyReels, AttentionInCausalBlocksIsRefused) {
  const TemporaryFolder copy;
  fs::copy(kData / "t2v", copy.path(), fs::copy_options::recursive);
  auto config = nlohmann::json::parse(read_text(copy / "transformer/config.json", "test"));
  config["num_frame_per_block"] = 5;
  std::ofstream(copy / "transformer/config.json") << config;
  Request request;
  request.prompt = "x";
  request.model = copy.path().string();
  try {
    make_plan(request);
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(std::string(error.what()).find("num_frame_per_block"), std::string::npos) << error.what();
  }
}

// The smallest network of a kind is recognised by its weights, larger ones by the class of their pipeline.
TEST(SkyReels, DiffusionForcingHoldsFramesByTheirTimesteps) {
  Request request;
  request.prompt = "x";
  request.model = (kData / "df").string();
  for (const char* transformer : {"transformer", "transformer_14b"}) {
    SCOPED_TRACE(transformer);
    request.transformer = (kData / "df" / transformer).string();
    request.verb = "generate";
    request.image.reset();
    const Plan plan = make_plan(request);
    EXPECT_TRUE(plan.sampling.expand_timesteps);
    EXPECT_EQ(plan.sampling.guidance, 6);
    EXPECT_EQ(plan.sampling.flow_shift, 8);
    EXPECT_EQ(plan.timeline.frames, 97);
    request.verb = "animate";
    request.image = (kData / "df/image1.png").string();
    const Plan image = make_plan(request);
    EXPECT_EQ(image.sampling.guidance, 5);
    EXPECT_EQ(image.sampling.flow_shift, 5);
    EXPECT_EQ(image.timeline.windows.front().conditioning, 1);
  }
}

}  // namespace
}  // namespace sora
