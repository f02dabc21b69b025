// Wan-VACE against diffusers 0.42.1 (scripts/goldens/vace.py), from the files of clips, masks, control videos
// and reference pictures to the output's pixels.
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

Request request_of(const nlohmann::json& item, const fs::path& folder, const fs::path& work) {
  const auto file = [&](const auto& name) { return (folder / name.template get<std::string>()).string(); };
  Request request = test::case_request(item, file(item["tensors"]), work);
  request.model = folder.string();
  if (item.contains("clip")) {
    request.verb = "edit";
    request.input = file(item["clip"]);
    request.mask = file(item["mask"]);
    request.fps = 16;
  }
  if (item.contains("control")) request.control = file(item["control"]);
  if (item.contains("control_scale")) request.control_scale = item["control_scale"].get<double>();
  if (item.contains("references")) {
    for (const auto& picture : item["references"]) request.reference.push_back(file(picture));
  }
  return request;
}

TEST(VaceParity, MatchesDiffusersFromFilesToPixels) {
  const fs::path folder = test_data() / "vace";
  const auto golden = nlohmann::json::parse(read_text(folder / "cases.json", "test"));
  const TemporaryFolder work;
  Generator generator;
  for (const auto& item : golden["cases"]) {
    SCOPED_TRACE(item.dump());
    test::expect_as_diffusers(generator, request_of(item, folder, work.path()),
                              (folder / item["tensors"].get<std::string>()).string());
  }
}

}  // namespace
}  // namespace sora
