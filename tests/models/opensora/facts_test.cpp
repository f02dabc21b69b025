#include "models/opensora/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "error_of.h"
#include "models/opensora/prompt.h"
#include "places.h"
#include "temporary_folder.h"

namespace sora::opensora {
namespace {

namespace fs = std::filesystem;
const fs::path kModel = test_data() / "opensora/model";

TEST(OpenSoraPrompt, EndsWithRateAndMotion) {
  EXPECT_EQ(with_motion("a cat"), "a cat. 24 FPS. 4 motion score.");
  EXPECT_EQ(with_motion("  a cat. \n"), "a cat. 24 FPS. 4 motion score.");
  EXPECT_EQ(with_motion("a cat. 16 FPS."), "a cat. 16 FPS. 4 motion score.");
  EXPECT_EQ(with_motion("a cat. 24 FPS. 7 motion score."), "a cat. 24 FPS. 7 motion score.");
  EXPECT_EQ(with_motion("FPS"), "FPS. 24 FPS. 4 motion score.");
  EXPECT_EQ(with_motion(" \t"), "");
}

TEST(OpenSoraFacts, ShiftRisesWithThePictureAndTheFrames) {
  EXPECT_DOUBLE_EQ(flow_shift_of(256, 1), 1);
  EXPECT_DOUBLE_EQ(flow_shift_of(4096, 1), 3);
  // 336x192, 129 frames
  EXPECT_NEAR(flow_shift_of(33 * 12 * 21, 33), (1 + 2.0 * (252 - 256) / 3840) * 5.744562646538029, 1e-9);
}

TEST(OpenSoraFacts, OfATinyModelInThePublishedLayout) {
  const ModelFacts facts = read_model(kModel);
  EXPECT_EQ(facts.family->name(), "Open-Sora");
  EXPECT_EQ(facts.latent_channels, 4);
  EXPECT_EQ(facts.text_dim, 24);
  EXPECT_EQ(facts.text_rows, 512);
  EXPECT_EQ(facts.fps, 24);
  EXPECT_EQ(facts.guidance, 7.5);
  EXPECT_TRUE(facts.image.concat);
  EXPECT_TRUE(facts.image.optional);
  EXPECT_FALSE(facts.is_published);
}

class DamagedOpenSora : public testing::Test {
 protected:
  DamagedOpenSora() {
    fs::copy(kModel, folder_.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  std::string error(ErrorKind kind) const {
    return test::error_of([&] { (void)read_model(folder_.path()); }, kind);
  }
  TemporaryFolder folder_;
};

TEST_F(DamagedOpenSora, MissingPartsAreNamed) {
  fs::rename(folder_ / "openai", folder_ / "elsewhere");
  EXPECT_THAT(error(ErrorKind::no_input), testing::HasSubstr("has no folder openai/clip-vit-large-patch14"));
  fs::rename(folder_ / "elsewhere", folder_ / "openai");
  fs::rename(folder_ / "google", folder_ / "elsewhere");
  EXPECT_THAT(error(ErrorKind::no_input), testing::HasSubstr("has no folder google/t5-v1_1-xxl"));
  fs::rename(folder_ / "elsewhere", folder_ / "google");
  fs::remove(folder_ / "hunyuan_vae.safetensors");
  EXPECT_THAT(error(ErrorKind::no_input), testing::HasSubstr("has no vae; add hunyuan_vae.safetensors"));
}

TEST_F(DamagedOpenSora, ATokenizerThatIsMissingIsNamed) {
  fs::remove(folder_ / "openai/clip-vit-large-patch14/vocab.json");
  EXPECT_THAT(error(ErrorKind::no_input), testing::HasSubstr("no tokenizer.json there"));
}

TEST_F(DamagedOpenSora, TwoTransformersAreAmbiguous) {
  fs::copy(test_data() / "opensora/fused.safetensors", folder_ / "another.safetensors");
  EXPECT_THAT(error(ErrorKind::data), testing::HasSubstr("could each be the transformer"));
}

TEST_F(DamagedOpenSora, AnEncoderOfAnotherWidthIsRefused) {
  fs::copy(test_data() / "opensora/fused.safetensors", folder_ / "Open_Sora_v2.safetensors",
           fs::copy_options::overwrite_existing);
  EXPECT_NO_THROW((void)read_model(folder_.path()));  // the same widths outside
  fs::remove_all(folder_ / "google/t5-v1_1-xxl");
  fs::copy(test_data() / "text/encoders/t5", folder_ / "google/t5-v1_1-xxl", fs::copy_options::recursive);
  EXPECT_THAT(error(ErrorKind::data), testing::HasSubstr("expected 24, as txt_in of the transformer"));
}

}  // namespace
}  // namespace sora::opensora
