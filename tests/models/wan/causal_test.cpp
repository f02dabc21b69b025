// Causal models are recognised by their classes, by their names, or by sora-gen.json.
#include "models/wan/causal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/file.h"
#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora::wan {
namespace {

using testing::HasSubstr;

TEST(CausalNames, ThoseOfPublishedModelsSayIt) {
  for (const char* name : {"SFWan2.1-T2V-1.3B-Diffusers", "self_forcing_dmd.safetensors", "Self-Forcing",
                           "causal-forcing-framewise", "LongLive-1.3B"}) {
    EXPECT_TRUE(causal_by_name(name)) << name;
  }
  EXPECT_EQ(causal_by_name("LongLive-1.3B")->window, 12);
  EXPECT_EQ(causal_by_name("LongLive-1.3B")->sink, 3);
  EXPECT_TRUE(causal_by_name("LongLive-1.3B")->window_positions);
  EXPECT_EQ(causal_by_name("Self-Forcing")->window, 21);
}

TEST(CausalNames, ThoseOfModelsThatSeeAllFramesDoNot) {
  for (const char* name :
       {"", "Wan2.1-T2V-1.3B-Diffusers", "Wan21_T2V_14B_lightx2v_self_forcing_step_distill",
        "self_forcing_lora_rank64.safetensors", "Wan2.2-Lightning"}) {
    EXPECT_FALSE(causal_by_name(name)) << name;
  }
}

class CausalModel : public testing::Test {
 protected:
  // A copy of a tiny model of Wan 2.1 under this name.
  fs::path model(const std::string& name) {
    fs::copy(test_data() / "pipeline/wan21", folder_ / name, fs::copy_options::recursive);
    return folder_ / name;
  }
  static void replace(const fs::path& file, const std::string& from, const std::string& to) {
    std::string text = read_text(file, "test");
    const std::size_t place = text.find(from);
    ASSERT_NE(place, std::string::npos) << from;
    std::ofstream(file) << text.replace(place, from.size(), to);
  }
  static void write(const fs::path& model, const std::string& facts) {
    std::ofstream(model / "sora-gen.json") << facts;
  }

  const TemporaryFolder folder_;
};

TEST_F(CausalModel, IsShownByTheClassOfItsPipeline) {
  const fs::path model = this->model("a");
  EXPECT_FALSE(read_model(model).causal);
  replace(model / "model_index.json", "\"WanPipeline\"", "\"WanCausalDMDPipeline\"");
  std::ofstream(model / "scheduler/scheduler_config.json")
      << R"({"_class_name": "SelfForcingFlowMatchScheduler", "num_inference_steps": 1000, "shift": 5.0,
             "sigma_min": 0.0, "extra_one_step": true, "training": true})";
  const ModelFacts facts = read_model(model);
  ASSERT_TRUE(facts.causal);
  EXPECT_EQ(facts.causal->block, 3);
  EXPECT_EQ(facts.steps, 4);
  EXPECT_EQ(facts.guidance, 1);
  EXPECT_EQ(facts.flow_shift, 5);
  EXPECT_EQ(facts.scheduler, "lcm");
  EXPECT_TRUE(facts.even_levels);
  EXPECT_THAT(facts.title, HasSubstr("causal"));
}

TEST_F(CausalModel, IsShownByTheClassOfItsTransformer) {
  const fs::path model = this->model("a");
  replace(model / "transformer/config.json", "\"WanTransformer3DModel\"",
          "\"CausalWanTransformer3DModel\", \"local_attn_size\": 12, \"sink_size\": 3");
  const ModelFacts facts = read_model(model);
  ASSERT_TRUE(facts.causal);
  EXPECT_EQ(facts.causal->window, 12);
  EXPECT_EQ(facts.causal->sink, 3);
}

TEST_F(CausalModel, IsShownByItsFolder) { EXPECT_TRUE(read_model(model("SFWan2.1-tiny")).causal); }

TEST_F(CausalModel, TheFolderSaysNothingOfATransformerFromElsewhere) {
  const fs::path other = folder_ / "wan.safetensors";
  fs::copy(test_data() / "pipeline/wan21/transformer/diffusion_pytorch_model.safetensors", other);
  const fs::path causal = model("SFWan2.1-tiny");
  replace(causal / "model_index.json", "\"WanPipeline\"", "\"WanCausalDMDPipeline\"");
  EXPECT_FALSE(read_model(causal, {{"transformer", other}}).causal);
  const fs::path named = folder_ / "self_forcing_dmd.safetensors";
  fs::rename(other, named);
  EXPECT_TRUE(read_model(model("plain"), {{"transformer", named}}).causal);
}

TEST_F(CausalModel, ItsJsonHasTheLastWord) {
  const fs::path model = this->model("Self-Forcing");
  write(model, R"({"causal": false, "steps": 7})");
  EXPECT_FALSE(read_model(model).causal);
  EXPECT_NE(read_model(model).scheduler, "lcm");
  write(model, R"({"causal": true, "steps": 7})");
  EXPECT_EQ(read_model(model).steps, 7);
  write(model, R"({"causal": {"block": 2, "window": 9, "sink": 1, "positions": "window",
                              "context_timestep": 20}})");
  const ModelFacts facts = read_model(model);
  ASSERT_TRUE(facts.causal);
  EXPECT_EQ(facts.causal->block, 2);
  EXPECT_EQ(facts.causal->window, 9);
  EXPECT_EQ(facts.causal->sink, 1);
  EXPECT_TRUE(facts.causal->window_positions);
  EXPECT_EQ(facts.causal->context_timestep, 20);
}

TEST_F(CausalModel, FaultsOfItsJsonAreNamed) {
  const fs::path model = this->model("a");
  for (const auto& [facts, message] : std::vector<std::pair<std::string, std::string>>{
           {R"({"causal": 3})", "causal"},
           {R"({"causal": {"block": 0}})", "causal.block"},
           {R"({"causal": {"window": 5, "sink": 3}})", "6 at least"},
           {R"({"causal": {"positions": "frame"}})", "video or window"},
           {R"({"causal": {"context_timestep": 1000}})", "causal.context_timestep"}}) {
    write(model, facts);
    EXPECT_THAT([&] { (void)read_model(model); }, testing::ThrowsMessage<Error>(HasSubstr(message))) << facts;
  }
}

TEST_F(CausalModel, OneOfTwoExpertsIsRefused) {
  fs::copy(test_data() / "pipeline/a14b", folder_ / "SFWan2.2", fs::copy_options::recursive);
  EXPECT_THAT(
      [&] { (void)read_model(folder_ / "SFWan2.2"); },
      testing::ThrowsMessage<Error>(HasSubstr("causal model, by its config or its name, and one of two")));
}

}  // namespace
}  // namespace sora::wan
