#include "comma_locale.h"
#include "media/media_test.h"
#include "media/read/media_info.h"

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using ImageWriter = MediaTest;

TEST_F(ImageWriter, OneFrameBecomesOneImage) {
  const Picture picture = moving_picture(96, 64, 0);
  // Least PSNR in dB: PNG is exact; the others are some 3 dB above it at the default quality.
  for (const auto& [name, least] : {std::pair{"a.png", 99.0}, {"a.jpg", 38.0}, {"a.webp", 33.0}}) {
    write_pictures(settings_for(name, 96, 64), {path(name)}, {picture});
    const Decoded decoded = decode(path(name));
    ASSERT_EQ(decoded.frames.size(), 1u) << name;
    EXPECT_GT(psnr(decoded.frames[0], picture), least) << name;
  }
}

TEST_F(ImageWriter, ASecondFrameInOneImageIsRefusedAndNothingStays) {
  const std::vector<Picture> two(2, moving_picture(32, 32, 0));
  const auto [code, text] =
      error_of([&] { write_pictures(settings_for("a.png", 32, 32), {path("a.png")}, two); });
  EXPECT_EQ(code, 64);
  EXPECT_THAT(text, HasSubstr("%05d"));
  EXPECT_TRUE(names().empty());
}

TEST_F(ImageWriter, ANumberInTheNameMakesASequenceFromOne) {
  std::vector<Picture> pictures;
  for (int t = 0; t < 3; ++t) pictures.push_back(moving_picture(32, 32, t));
  const std::string pattern = path("f%03d.png");
  const Written written = write_pictures(settings_for(pattern, 32, 32), {pattern}, pictures);
  EXPECT_EQ(written.frames, 3);
  EXPECT_THAT(names(), ElementsAre("f001.png", "f002.png", "f003.png"));
  for (int t = 0; t < 3; ++t) {
    EXPECT_EQ(decode(path("f00" + std::to_string(t + 1) + ".png")).frames.at(0).rgb, pictures[t].rgb);
  }
}

TEST_F(ImageWriter, ASequenceThatMeetsAnExistingFileStopsAndTakesItsOwnFilesAway) {
  std::ofstream(path("f3.png")) << "mine";
  const std::vector<Picture> four(4, moving_picture(32, 32, 0));
  const std::string pattern = path("f%d.png");
  const auto [code, text] = error_of([&] { write_pictures(settings_for(pattern, 32, 32), {pattern}, four); });
  EXPECT_EQ(code, 73);
  EXPECT_THAT(text, HasSubstr("f3.png"));
  EXPECT_THAT(names(), ElementsAre("f3.png"));
  EXPECT_EQ(contents(path("f3.png")), "mine");
}

TEST_F(ImageWriter, NoFrameLeavesNoImage) {
  open_writer(settings_for("a.png", 32, 32), {path("a.png")})->finish();
  EXPECT_TRUE(names().empty());
}

TEST_F(ImageWriter, WritesTheSameWhereNumbersHaveADecimalComma) {
  const Picture picture = moving_picture(96, 64, 0);
  VideoSettings settings = settings_for("a.webp", 96, 64);
  settings.crf = 10;  // libwebp's quality 94.44
  write_pictures(settings, {path("a.webp")}, {picture});
  const CommaLocale locale;
  if (!locale.is_set()) GTEST_SKIP() << "this C library takes no locale from a folder";
  write_pictures(settings, {path("b.webp")}, {picture});
  EXPECT_EQ(contents(path("a.webp")), contents(path("b.webp")));
}

}  // namespace
}  // namespace sora
