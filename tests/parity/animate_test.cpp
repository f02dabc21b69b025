// animate with image-to-video models against diffusers 0.42.1 (scripts/goldens/image_pipeline.py), from
// the files of the images to the output's pixels.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "places.h"
#include "sora/error.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "verb_case.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

TEST(AnimateParity, ImageToVideoMatchesDiffusersFromFileToPixels) {
  const TemporaryFolder work;
  Generator generator;
  for (const char* family : {"i2v", "flf2v", "i2v_a14b"}) {
    const fs::path folder = test_data() / "image" / family;
    const auto golden = nlohmann::json::parse(read_text(folder / "cases.json", "test"));
    for (const auto& item : golden["cases"]) {
      SCOPED_TRACE(family + item.dump());
      const std::string expected = (folder / item["tensors"].get<std::string>()).string();
      Request request = test::case_request(item, expected, work.path());
      request.verb = "animate";
      request.image = (folder / item["image"].get<std::string>()).string();
      if (item.contains("last_image"))
        request.last_image = (folder / item["last_image"].get<std::string>()).string();
      request.fit = "stretch";
      request.model = folder.string();
      test::expect_as_diffusers(generator, request, expected);

      request.verb = "generate";
      request.image.reset();
      request.last_image.reset();
      request.fit.reset();
      EXPECT_THROW(make_plan(request), Error);
    }
  }
}

}  // namespace
}  // namespace sora
