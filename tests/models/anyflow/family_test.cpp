// How a model of AnyFlow is recognised and described, and which are refused.
#include "models/family.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "anyflow_model.h"
#include "error_of.h"
#include "models/wan/components.h"
#include "models/wan/networks/transformer.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

class AnyFlowFamily : public testing::Test {
 protected:
  AnyFlowFamily() : model_(test::write_anyflow_model(folder_ / "model")) {}

  void expect_refused(const std::string& text) const {
    test::expect_error([&] { read_model(model_); }, ErrorKind::data, text);
  }
  void set_config(const std::string& from, const std::string& to) const {
    test::replace_text(model_ / "transformer/config.json", from, to);
  }

  const TemporaryFolder folder_;
  const fs::path model_;
  const fs::path wan_ = test_data() / "pipeline/wan21";
  const fs::path weights_ = "transformer/diffusion_pytorch_model.safetensors";
};

void expect_any_flow(const ModelFacts& facts) {
  EXPECT_EQ(facts.family->name(), "AnyFlow");
  EXPECT_EQ(facts.steps, 4);
  EXPECT_EQ(facts.guidance, 1);
  EXPECT_EQ(facts.flow_shift, 5);
  EXPECT_EQ(facts.scheduler, "euler");
  EXPECT_TRUE(facts.flow_map && facts.even_levels && facts.folder.expand_timesteps);
  EXPECT_FALSE(facts.few_step || facts.causal);
  const SchedulerConfig steps = facts.family->scheduler(facts.folder, facts.flow_shift, true);
  EXPECT_TRUE(steps.flow_map && steps.even_levels);
  EXPECT_EQ(steps.scheduler, "euler");
}

TEST_F(AnyFlowFamily, IsShownByTheClassesOfItsParts) {
  expect_any_flow(read_model(model_));
  test::name_as_its_publishers(model_);
  expect_any_flow(read_model(model_));
}

TEST_F(AnyFlowFamily, IsShownByItsNetworkInTheFolderOfWan) {
  expect_any_flow(read_model(wan_, {{"transformer", model_ / "transformer"}}));
  expect_any_flow(read_model(wan_, {{"transformer", model_ / weights_}}));
  EXPECT_EQ(read_model(wan_).family->name(), "Wan");
}

TEST_F(AnyFlowFamily, TheNameOfAFolderDoesNotChangeItsSteps) {
  fs::rename(model_, folder_ / "AnyFlow-8steps-lightx2v");
  expect_any_flow(read_model(folder_ / "AnyFlow-8steps-lightx2v"));
}

// For a single file, the config beside it; without one, the published values.
TEST_F(AnyFlowFamily, ItsConfigSaysHowTheTargetIsEmbedded) {
  const fs::path folder = test::anyflow_data() / "transformer_interval", name = weights_.filename();
  for (const ComponentSource& source :
       {ComponentSource(folder), ComponentSource(folder / name, wan_ / "transformer")}) {
    SCOPED_TRACE(source.path.string());
    const auto own = wan::open_transformer(source).config.target_time;
    ASSERT_TRUE(own);
    EXPECT_EQ(own->gate_value, 0.4);
    EXPECT_TRUE(own->as_difference);
  }
  fs::copy(folder / name, folder_ / name);
  for (const char* config : {"", "{\"_class_name\": \"UMT5EncoderModel\"}"}) {
    if (*config != '\0') std::ofstream(folder_ / "config.json") << config;
    const auto bare = wan::open_transformer({folder_ / name, wan_ / "transformer"}).config.target_time;
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->gate_value, 0.25);
    EXPECT_FALSE(bare->as_difference);
  }
}

TEST_F(AnyFlowFamily, TheNetworkIsNeverUsedWithoutATarget) {
  auto network = wan::load_transformer(test::anyflow_data() / "transformer", {});
  const auto text = network.prepare(at::zeros({1, 512, 24}), {});
  const at::Tensor latents = at::zeros({1, 4, 1, 2, 2}), timestep = at::full({1}, 900.0);
  test::expect_error([&] { (void)network.predict(latents, timestep, *text); }, ErrorKind::internal,
                     "which timestep the step leads to");
  network.set_target_timestep(500);
  const at::Tensor half = network.predict(latents, timestep, *text);
  network.set_target_timestep(0);
  EXPECT_GT((network.predict(latents, timestep, *text) - half).norm().item<double>(), 1e-4);
}

TEST_F(AnyFlowFamily, ItsCausalFormIsRefusedAtOnce) {
  set_config("\"AnyFlowTransformer3DModel\"", "\"AnyFlowFARTransformer3DModel\"");
  expect_refused("the causal form of AnyFlow (FAR) is not supported");
  set_config("\"AnyFlowFARTransformer3DModel\"", "\"FAR_Wan_Transformer3DModel\", \"init_far_model\": true");
  expect_refused("init_far_model is true, expected false: the causal form of AnyFlow (FAR) is not supported");
  test::replace_text(model_ / "model_index.json", "\"AnyFlowPipeline\"", "\"AnyFlowFARPipeline\"");
  expect_refused("AnyFlowFARPipeline");
}

TEST_F(AnyFlowFamily, WildValuesOfItsConfigAreErrorsThatNameTheKey) {
  const std::pair<const char*, const char*> cases[] = {
      {"\"gate_value\": 1.5", "gate_value is 1.5, expected a number from 0 to 1"},
      {"\"gate_value\": -1e300", "gate_value is -1e+300"},
      {"\"gate_value\": \"half\"", "gate_value is \"half\", expected a number"},
      {"\"deltatime_type\": \"r-t\"", "deltatime_type is \"r-t\", expected r or t-r"},
      {"\"deltatime_type\": 3", "deltatime_type is 3"},
      {"\"image_dim\": 1280", "image_dim is 1280, expected null"},
  };
  for (const auto& [value, message] : cases) {
    SCOPED_TRACE(value);
    const std::string key = std::string(value).substr(0, std::string(value).find(':'));
    const std::string config = read_text(test::anyflow_data() / "transformer/config.json", "test");
    const std::size_t place = config.find(key);
    ASSERT_NE(place, std::string::npos);
    const std::size_t end = config.find_first_of(",}", place);
    std::ofstream(model_ / "transformer/config.json")
        << std::string(config).replace(place, end - place, value);
    expect_refused(message);
  }
}

TEST_F(AnyFlowFamily, ANetworkWithoutATargetDoesNotFitItsFolder) {
  test::expect_error(
      [&] {
        read_model(model_, {{"transformer", wan_ / "transformer"}});
      },
      ErrorKind::data, "no embedding of the timestep that a step leads to");
}

// By names and shapes, before any work.
TEST_F(AnyFlowFamily, WeightsThatDoNotFitItsConfigAreRefused) {
  fs::copy(wan_ / weights_, model_ / weights_, fs::copy_options::overwrite_existing);
  expect_refused("condition_embedder.delta_embedder.linear_1.weight");
}

TEST_F(AnyFlowFamily, ItIsNoCausalModelWhateverItsJsonSays) {
  std::ofstream(model_ / "sora-gen.json") << R"({"causal": true})";
  expect_refused("causal is true");
}

}  // namespace
}  // namespace sora
