// animate and remix against diffusers 0.42.1 (scripts/goldens/verbs.py), from the input's pixels to the
// output's.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "places.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "verb_case.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

TEST(VerbsParity, AnimateAndRemixMatchDiffusersFromPixelsToPixels) {
  const fs::path folder = test_data() / "verbs";
  const TemporaryFolder work;
  const auto golden = nlohmann::json::parse(read_text(folder / "cases.json", "test"));
  ASSERT_GE(golden["cases"].size(), 4U);
  Generator generator;
  for (const auto& item : golden["cases"]) {
    SCOPED_TRACE(item.dump());
    const std::string expected = (folder / item["tensors"].get<std::string>()).string();
    Request request = test::case_request(item, expected, work.path());
    request.verb = item["verb"];
    const std::string input = (folder / item["input"].get<std::string>()).string();
    (request.verb == "animate" ? request.image : request.input) = input;
    request.model = test_data() / "pipeline" / item["model"].get<std::string>();
    if (item.contains("strength")) request.strength = item["strength"].get<double>();
    test::expect_as_diffusers(generator, request, expected);
  }
}

}  // namespace
}  // namespace sora
