// LoRAs in every style against diffusers' load_lora_weights and fuse_lora (scripts/goldens/lora.py).
#include "checkpoint/lora.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/golden_transformer.h"
#include "models/wan/networks/transformer.h"
#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"
#include "weights/tensor_file.h"

namespace fs = std::filesystem;

namespace sora::wan {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

const fs::path kFolder = transformer_folder("plain");
const fs::path kLoras = test_data() / "lora";
constexpr double kStrength = 0.7;

// fp32 on both sides in another order of summation, as in the transformer's own test.
constexpr double kTolerance = 1e-5;

at::Tensor predict(const WanTransformer& transformer) { return predict_golden(transformer, "plain"); }

double difference(const at::Tensor& found, const at::Tensor& expected) {
  return ((found - expected).norm() / expected.norm()).item<double>();
}

LoraSource lora(const std::string& name, double strength = kStrength) {
  return {kLoras / (name + ".safetensors"), strength};
}

class LoraStyles : public testing::TestWithParam<const char*> {};

TEST_P(LoraStyles, PredictWhatDiffusersDoes) {
  const std::string name = GetParam();
  const std::vector<LoraSource> loras =
      name == "both" ? std::vector{lora("peft"), lora("comfy")} : std::vector{lora(name)};
  const at::Tensor expected = read_tensor(kLoras / "golden.safetensors", name);
  EXPECT_LT(difference(predict(load_transformer(kFolder, {}, loras)), expected), kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Files, LoraStyles,
                         testing::Values("peft", "peft_alpha", "comfy", "kohya", "both", "differences"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Lora, OfStrengthZeroChangesNothingAndTwoHalvesAreAWhole) {
  const at::Tensor without = predict(load_transformer(kFolder, {}));
  EXPECT_TRUE(at::equal(predict(load_transformer(kFolder, {}, {lora("kohya", 0)})), without));
  const at::Tensor halves = predict(load_transformer(kFolder, {}, {lora("peft", 0.5), lora("peft", 0.5)}));
  EXPECT_LT(difference(halves, predict(load_transformer(kFolder, {}, {lora("peft", 1)}))), kTolerance);
}

TEST(Lora, GoesOnTopOfQuantisedWeightsInFp32) {
  const ComponentSource file{test_data() / "layouts/transformer/plain.gguf", kFolder};
  EXPECT_TRUE(at::equal(predict(load_transformer(file, {}, {lora("comfy")})),
                        predict(load_transformer(kFolder, {}, {lora("comfy")}))));
}

class BadLora : public testing::Test {
 protected:
  auto loading(const std::map<std::string, at::Tensor>& tensors) const {
    return [this, tensors] {
      write_tensors(path_, tensors);
      (void)load_transformer(kFolder, {}, {{path_, 1}});
    };
  }

  const TemporaryFolder folder_;
  const fs::path path_ = folder_ / "bad.safetensors";
};

TEST_F(BadLora, KeysThatMatchNothingAreListed) {
  const std::string good = "diffusion_model.blocks.0.ffn.0.";
  EXPECT_THAT(loading({{good + "lora_down.weight", at::ones({1, 40})},
                       {good + "lora_up.weight", at::ones({22, 1})},
                       {"diffusion_model.blocks.7.ffn.0.lora_down.weight", at::ones({1, 40})},
                       {"lora_te_encoder_q.lora_up.weight", at::ones({1, 40})}}),
              ThrowsMessage<Error>(AllOf(HasSubstr("match no tensor"), HasSubstr("blocks.7.ffn.0"),
                                         HasSubstr("lora_te_encoder_q"))));
  EXPECT_THAT(loading({}), ThrowsMessage<Error>(HasSubstr("has no tensors")));
}

TEST_F(BadLora, ShapesHalvesAndKindsThatCannotBeMergedAreBadData) {
  const std::string base = "transformer.blocks.0.ffn.net.2.";  // [40, 22]
  EXPECT_THAT(
      loading({{base + "lora_A.weight", at::ones({2, 40})}, {base + "lora_B.weight", at::ones({40, 2})}}),
      ThrowsMessage<Error>(HasSubstr("does not give blocks.0.ffn.net.2.weight, which is [40, 22]")));
  EXPECT_THAT(loading({{base + "lora_A.weight", at::ones({2, 22})}}),
              ThrowsMessage<Error>(HasSubstr("expected a pair of down and up")));
  EXPECT_THAT(loading({{base + "alpha", at::ones({})}}),
              ThrowsMessage<Error>(HasSubstr("without the down and up")));
  EXPECT_THAT(loading({{base + "dora_scale", at::ones({40})}}), ThrowsMessage<Error>(HasSubstr("DoRA")));
  EXPECT_THAT(loading({{base + "diff_b", at::ones({39})}}), ThrowsMessage<Error>(HasSubstr("expected [40]")));
  EXPECT_THAT(loading({{base + "lora_A.weight", at::ones({2, 22})},
                       {base + "lora_B.weight", at::ones({40, 2})},
                       {base + "alpha", at::full({}, NAN)}}),
              ThrowsMessage<Error>(HasSubstr("one finite number")));
}

TEST(LoraOption, IsAFileAndMaybeAStrength) {
  EXPECT_EQ(parse_lora("a.safetensors").strength, 1);
  EXPECT_EQ(parse_lora("dir/a.safetensors:0.5").path, "dir/a.safetensors");
  EXPECT_EQ(parse_lora("dir/a.safetensors:-0.5").strength, -0.5);
  EXPECT_EQ(parse_lora("odd:name").path, "odd:name");
  EXPECT_THAT([] { parse_lora("a:1e9"); }, ThrowsMessage<Error>(HasSubstr("strength")));
}

}  // namespace
}  // namespace sora::wan
