// LoHa, LoKr and what else people's LoRA files have, against LyCORIS, peft and weights changed by hand
// (scripts/goldens/lora_relatives.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/lora.h"
#include "models/golden_transformer.h"
#include "models/wan/components.h"
#include "models/wan/names.h"
#include "models/wan/networks/transformer.h"
#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora::wan {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const fs::path kFolder = transformer_folder("plain");
const fs::path kLoras = test_data() / "lora_relatives";
constexpr double kTolerance = 1e-5;  // fp32 on both sides in another order of summation

class LoraRelatives : public testing::TestWithParam<const char*> {};

TEST_P(LoraRelatives, ChangeThePredictionAsTheirOwnProgramsDo) {
  const std::string name = GetParam();
  const at::Tensor expected = read_tensor(kLoras / "golden.safetensors", name);
  const at::Tensor found =
      predict_golden(load_transformer(kFolder, {}, {{kLoras / (name + ".safetensors"), 0.7}}), "plain");
  EXPECT_LT(((found - expected).norm() / expected.norm()).item<double>(), kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Files, LoraRelatives,
                         testing::Values("loha", "lokr", "pattern", "fun", "dit", "modulation"),
                         [](const auto& info) { return std::string(info.param); });

class OddLora : public testing::Test {
 protected:
  using Tensors = std::map<std::string, at::Tensor>;

  Lora opened(const Tensors& tensors, const std::map<std::string, std::string>& metadata = {}) const {
    write_tensors(path_, tensors, metadata);
    const auto files = open_transformer(kFolder);
    return Lora({path_, 1}, {files.checkpoint, transformer_names(), image_modules()});
  }
  auto opening(const Tensors& tensors, const std::map<std::string, std::string>& metadata = {}) const {
    return [this, tensors, metadata] { (void)opened(tensors, metadata); };
  }

  const std::string base_ = "diffusion_model.blocks.0.ffn.2.";  // [40, 22]
  const Tensors fine_{{base_ + "lora_down.weight", at::ones({2, 22})},
                      {base_ + "lora_up.weight", at::ones({40, 2})}};
  const TemporaryFolder folder_;
  const fs::path path_ = folder_ / "odd.safetensors";
};

TEST_F(OddLora, ModulesOfImageModelsAreLeftOutWhereTheModelHasNone) {
  Tensors tensors = fine_;
  tensors["diffusion_model.blocks.0.cross_attn.k_img.lora_down.weight"] = at::ones({2, 40});
  tensors["lora_unet_img_emb_proj_1.lora_up.weight"] = at::ones({40, 2});
  const Lora lora = opened(tensors);
  EXPECT_THAT(lora.left_out(), ElementsAre("diffusion_model.blocks.0.cross_attn.k_img.lora_down.weight",
                                           "lora_unet_img_emb_proj_1.lora_up.weight"));
  EXPECT_EQ(lora.terms().size(), 1U);
  EXPECT_THAT(left_out_text(lora), AllOf(HasSubstr("2 of its tensors"), HasSubstr("k_img")));
  EXPECT_EQ(left_out_text(opened(fine_)), "");
}

TEST_F(OddLora, OfNothingButModulesThatAreLeftOutIsBadData) {
  EXPECT_THAT(opening({{"diffusion_model.blocks.0.cross_attn.k_img.lora_down.weight", at::ones({2, 40})}}),
              ThrowsMessage<Error>(AllOf(HasSubstr("match no tensor"), HasSubstr("k_img"))));
}

TEST_F(OddLora, FactorsThatDoNotFitAreBadData) {
  EXPECT_THAT(opening({{base_ + "hada_w1_a", at::ones({40, 2})}, {base_ + "hada_w1_b", at::ones({2, 22})}}),
              ThrowsMessage<Error>(HasSubstr("one of the four matrices")));
  EXPECT_THAT(opening({{base_ + "hada_w1_a", at::ones({40, 2})},
                       {base_ + "hada_w1_b", at::ones({3, 22})},
                       {base_ + "hada_w2_a", at::ones({40, 2})},
                       {base_ + "hada_w2_b", at::ones({2, 22})}}),
              ThrowsMessage<Error>(HasSubstr("different ranks")));
  EXPECT_THAT(opening({{base_ + "lokr_w1", at::ones({2, 2})}, {base_ + "lokr_w2", at::ones({20, 10})}}),
              ThrowsMessage<Error>(HasSubstr("does not give blocks.0.ffn.net.2.weight")));
  EXPECT_THAT(opening({{base_ + "lokr_w1", at::ones({2, 2})}}),
              ThrowsMessage<Error>(HasSubstr("each factor")));
  EXPECT_THAT(opening({{base_ + "lokr_w1", at::ones({})}, {base_ + "lokr_w2", at::ones({40, 22})}}),
              ThrowsMessage<Error>(HasSubstr("expected a matrix")));
  Tensors two = fine_;
  two[base_ + "lokr_w1"] = at::ones({2, 2});
  two[base_ + "lokr_w2"] = at::ones({20, 11});
  EXPECT_THAT(opening(two), ThrowsMessage<Error>(HasSubstr("several kinds")));
  EXPECT_THAT(opening({{base_ + "lokr_t2", at::ones({2, 2})}}), ThrowsMessage<Error>(HasSubstr("Tucker")));
}

TEST_F(OddLora, AlphaPatternsAreNamesAndTheMostSpecificCounts) {
  const auto scale_with = [&](const std::string& pattern) {
    const Lora lora =
        opened(fine_, {{"lora_adapter_metadata",
                        R"({"transformer.lora_alpha": 6, "transformer.alpha_pattern": )" + pattern + "}"}});
    return lora.terms().at("blocks.0.ffn.net.2.weight").at(0).scale;
  };
  EXPECT_EQ(scale_with("{}"), 3);
  EXPECT_EQ(scale_with(R"({"net.2": 4, "blocks.0.ffn.net.2": 8, "2": 2})"), 4);
  EXPECT_EQ(scale_with(R"({"ffn.net.1": 4})"), 3);
  EXPECT_EQ(scale_with(R"({"et.2": 4})"), 3) << "names end at dots";
  EXPECT_THAT([&] { scale_with(R"({"blocks.[01]": 4})"); },
              ThrowsMessage<Error>(HasSubstr("names of modules")));
  EXPECT_THAT([&] { scale_with(R"({"net.2": "4"})"); }, ThrowsMessage<Error>(HasSubstr("names of modules")));
}

}  // namespace
}  // namespace sora::wan
