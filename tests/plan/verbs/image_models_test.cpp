// What is read of image-to-video models before any work, and the errors where model and request do not fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <regex>

#include "core/file.h"
#include "error_of.h"
#include "models/family.h"
#include "places.h"
#include "plan/verbs/image_input.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace sora::wan {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kData = test_data() / "image";

TEST(ImageModels, AreToldByTheirConfigs) {
  const ModelFacts i2v = read_model(kData / "i2v");
  EXPECT_TRUE(i2v.image.concat);
  EXPECT_TRUE(i2v.image.tokens);
  EXPECT_FALSE(i2v.image.two_images);
  EXPECT_EQ(i2v.latent_channels, 4);
  const ModelFacts flf2v = read_model(kData / "flf2v");
  EXPECT_TRUE(flf2v.image.concat && flf2v.image.tokens && flf2v.image.two_images);
  const ModelFacts a14b = read_model(kData / "i2v_a14b");
  EXPECT_TRUE(a14b.image.concat);
  EXPECT_FALSE(a14b.image.tokens || a14b.image.two_images);
  EXPECT_DOUBLE_EQ(*a14b.folder.boundary_ratio, 0.9);
  const ModelFacts t2v = read_model(test_data() / "pipeline/wan21");
  EXPECT_FALSE(t2v.image.concat || t2v.image.tokens);
}

TEST(ImageModels, GetTheImagesThatTheyTakeOrSaySo) {
  const auto error = [](const char* model, bool image, bool last, std::int64_t frames = 3) {
    return test::error_of([&] { check_images(read_model(kData / model), image, last, frames); },
                          ErrorKind::usage);
  };
  EXPECT_THAT(error("i2v", false, false), HasSubstr("sora-gen animate IMAGE"));
  EXPECT_THAT(error("i2v", true, true), HasSubstr("first image only"));
  EXPECT_THAT(error("flf2v", true, false), HasSubstr("--last-image IMAGE"));
  EXPECT_THAT(error("flf2v", true, true, 22), HasSubstr("at most 81 frames"));
  EXPECT_THAT(error("flf2v", true, true, 1), HasSubstr("two frames"));
  EXPECT_THAT(error("i2v_a14b", false, false), HasSubstr("needs an image to begin from"));
  check_images(read_model(kData / "i2v"), true, false, 40);
  check_images(read_model(kData / "flf2v"), true, true, 21);
  check_images(read_model(kData / "i2v_a14b"), true, true, 2);
  check_images(read_model(test_data() / "pipeline/wan21"), true, true, 2);
}

// A copy of the tiny I2V model that a test can damage.
class SpoiltImageModel : public testing::Test {
 protected:
  void SetUp() override { fs::copy(kData / "i2v", dir_.path(), fs::copy_options::recursive); }

  void edit(const char* file, const std::string& pattern, const std::string& by) const {
    const std::string text = read_text(dir_ / file, "test");
    const std::string edited = std::regex_replace(text, std::regex(pattern), by);
    ASSERT_NE(text, edited);
    std::ofstream(dir_ / file) << edited;
  }
  std::string error(ErrorKind kind) const {
    return test::error_of([&] { read_model(dir_.path()); }, kind);
  }

  const TemporaryFolder dir_;
};

TEST_F(SpoiltImageModel, WithoutItsImageEncoderSaysWhatToGet) {
  fs::remove_all(dir_ / "image_encoder");
  EXPECT_THAT(error(ErrorKind::no_input), HasSubstr("image_encoder: no such folder"));
  edit("model_index.json", R"("image_encoder": \[[^\]]*\])", R"("image_encoder": [null, null])");
  EXPECT_THAT(error(ErrorKind::no_input), HasSubstr("image_dim is set"));
}

TEST_F(SpoiltImageModel, WithPickledWeightsIsRefused) {
  fs::rename(dir_ / "image_encoder/model.safetensors", dir_ / "image_encoder/pytorch_model.bin");
  EXPECT_THAT(error(ErrorKind::refused), HasSubstr("scripts/convert"));
}

TEST_F(SpoiltImageModel, WithAnEncoderOfAnotherWidthIsNamed) {
  edit("image_encoder/config.json", R"("hidden_size": 24)", R"("hidden_size": 27)");
  EXPECT_THAT(error(ErrorKind::data), HasSubstr("is 27 wide, expected 24, the transformer's image_dim"));
}

TEST_F(SpoiltImageModel, WithOtherChannelsIsNamed) {
  edit("transformer/config.json", R"("in_channels": 12)", R"("in_channels": 13)");
  EXPECT_THAT(error(ErrorKind::data), HasSubstr("takes 13 channels and gives 4, expected as many or, for an "
                                                "image-to-video model, 12"));
}

TEST_F(SpoiltImageModel, WithTwoImagesNeedsAsManyPositionsAsTokens) {
  edit("transformer/config.json", R"("pos_embed_seq_len": null)", R"("pos_embed_seq_len": 514)");
  EXPECT_THAT(error(ErrorKind::data), HasSubstr("makes 10 tokens of an image, expected 257"));
}

}  // namespace
}  // namespace sora::wan
