// Comparing videos frame by frame: what counts as the same, and how far apart others are.
#include "media/read/compare_videos.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "error_of.h"
#include "media/media_test.h"
#include "sora/error.h"

namespace sora {
namespace {

class CompareVideosTest : public MediaTest {
 protected:
  // Lossless: grey pictures of these levels.
  std::string video(const std::string& name, const std::vector<int>& levels, double fps = 8, int width = 32) {
    VideoSettings settings;
    settings.width = settings.source_width = width;
    settings.height = settings.source_height = 16;
    settings.fps = fps;
    settings.container = "matroska";
    settings.codec = "ffv1";
    settings.pix_fmt = "bgr0";
    auto writer = open_writer(settings, {path(name), true});
    for (const int level : levels) {
      const std::vector<std::uint8_t> rgb(static_cast<std::size_t>(width) * 16 * 3,
                                          static_cast<std::uint8_t>(level));
      writer->write(rgb.data(), static_cast<std::ptrdiff_t>(width) * 3);
    }
    writer->finish();
    return path(name);
  }
};

TEST_F(CompareVideosTest, EqualFramesAreTheSame) {
  const VideoComparison result = compare_videos(video("a.mkv", {1, 2, 3}), video("b.mkv", {1, 2, 3}));
  EXPECT_TRUE(result.same());
  EXPECT_EQ(result.frames_a, 3);
  EXPECT_TRUE(std::isinf(result.psnr));
  EXPECT_EQ(result.sha256_a, result.sha256_b);
}

TEST_F(CompareVideosTest, TheFirstFrameThatDiffersIsNamedWithItsPsnr) {
  const VideoComparison result =
      compare_videos(video("a.mkv", {10, 20, 30, 40}), video("b.mkv", {10, 21, 30, 50}));
  EXPECT_FALSE(result.same());
  EXPECT_EQ(result.first, 1);
  EXPECT_EQ(result.different, 2);
  EXPECT_NEAR(result.psnr_first, 20 * std::log10(255.0), 1e-9) << "every value is off by one";
  EXPECT_NEAR(result.psnr_least, 20 * std::log10(25.5), 1e-9);
  EXPECT_NEAR(result.psnr, 10 * std::log10(255.0 * 255 / (101.0 / 4)), 1e-9);
  EXPECT_NE(result.sha256_a, result.sha256_b);
}

TEST_F(CompareVideosTest, AShorterOrLongerVideoIsNotTheSame) {
  for (const auto& [a, b] : {std::pair(3, 2), std::pair(2, 3)}) {
    const VideoComparison result =
        compare_videos(video("a.mkv", std::vector<int>(static_cast<std::size_t>(a), 9)),
                       video("b.mkv", std::vector<int>(static_cast<std::size_t>(b), 9)));
    EXPECT_FALSE(result.same());
    EXPECT_EQ(result.frames_a, a);
    EXPECT_EQ(result.frames_b, b);
    EXPECT_EQ(result.different, 0);
  }
}

TEST_F(CompareVideosTest, AnotherSizeOrOtherTimesAreNotTheSame) {
  const std::string a = video("a.mkv", {1, 2, 3});
  EXPECT_FALSE(compare_videos(a, video("b.mkv", {1, 2, 3}, 8, 64)).same_size);
  const VideoComparison slower = compare_videos(a, video("c.mkv", {1, 2, 3}, 4));
  EXPECT_FALSE(slower.same());
  EXPECT_EQ(slower.different, 0);
  EXPECT_EQ(slower.first_moved, 1);
}

TEST_F(CompareVideosTest, CanBeStopped) {
  const std::string a = video("a.mkv", {1, 2, 3});
  test::expect_error([&] { compare_videos(a, a, [] { return true; }); }, ErrorKind::interrupted, "stopped");
}

}  // namespace
}  // namespace sora
