// AnyFlow against diffusers 0.42.1 (scripts/goldens/anyflow.py), from the prompt or the image to the pixels.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "anyflow_model.h"
#include "core/file.h"
#include "sora/generator.h"
#include "temporary_folder.h"
#include "verb_case.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

class AnyFlow : public testing::Test {
 protected:
  AnyFlow() : model_(test::write_anyflow_model(work_ / "model")) {}

  static std::string tensors(std::size_t i) {
    return (test::anyflow_data() / cases()[i]["tensors"].get<std::string>()).string();
  }
  static nlohmann::json cases() {
    return nlohmann::json::parse(read_text(test::anyflow_data() / "cases.json", "test"))["cases"];
  }
  Request request(std::size_t i) const {
    const nlohmann::json item = cases()[i];
    Request request = test::case_request(item, tensors(i), work_.path());
    request.model = model_.string();
    if (item.contains("transformer"))
      request.transformer = (test::anyflow_data() / item["transformer"].get<std::string>()).string();
    if (item.contains("image")) {
      request.verb = "animate";
      request.image = (test::anyflow_data() / item["image"].get<std::string>()).string();
      request.fit = "stretch";
    }
    return request;
  }
  void expect_as_diffusers(const Request& request, std::size_t i) {
    test::expect_as_diffusers(generator_, request, tensors(i));
  }

  const TemporaryFolder work_;
  const fs::path model_;
  Generator generator_;
};

TEST_F(AnyFlow, MatchesDiffusersWithAnyNumberOfSteps) {
  for (std::size_t i = 0; i < cases().size(); ++i) {
    SCOPED_TRACE(cases()[i].dump());
    expect_as_diffusers(request(i), i);
  }
}

TEST_F(AnyFlow, ItsPublishersNamesOfTheClassesAreTheSameModel) {
  test::name_as_its_publishers(model_);
  expect_as_diffusers(request(1), 1);
}

// Steps, guidance and noise levels then are AnyFlow's, not those of the folder.
TEST_F(AnyFlow, ATransformerInTheFolderOfWanIsThatModel) {
  for (const char* file : {"transformer", "transformer/diffusion_pytorch_model.safetensors"}) {
    SCOPED_TRACE(file);
    Request asked = request(1);
    asked.model = (test_data() / "pipeline/wan21").string();
    asked.transformer = (test::anyflow_data() / file).string();
    asked.steps.reset();
    asked.guidance.reset();
    expect_as_diffusers(asked, 1);
  }
}

// Each rank is told the timestep that a step leads to.
TEST_F(AnyFlow, RanksMakeTheSameVideo) {
  for (const char* division : {"guidance:2", "sequence:2"}) {
    SCOPED_TRACE(division);
    Request asked = request(2);
    asked.parallel = division;
    expect_as_diffusers(asked, 2);
  }
}

}  // namespace
}  // namespace sora
