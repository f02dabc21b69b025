// Marks are invisible, are found after what happens to videos, and nowhere else.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "error_of.h"
#include "temporary_folder.h"
#include "watermark/embed.h"
#include "watermark/marked.h"
#include "watermark/read.h"

namespace sora::test {
namespace {

constexpr int kSide = 256, kFrames = 6;
const WatermarkKey common = common_watermark_key();
const WatermarkKey own{std::string(64, 'a'), true};

std::vector<Frame> scenes(int width, int height, int frames = kFrames) {
  std::vector<Frame> list;
  for (int t = 0; t < frames; ++t) list.push_back(scene(width, height, t));
  return list;
}

std::vector<Frame> marked(std::vector<Frame> frames, const WatermarkKey& key = common,
                          std::uint64_t seed = 7) {
  WatermarkEmbedder embedder(key, payload_of(seed, "5f", key.own), frames[0].width, frames[0].height);
  for (Frame& frame : frames) embedder.mark(frame.rgb.data(), frame.stride());
  return frames;
}

FoundWatermark read(const std::vector<Frame>& frames, const std::vector<WatermarkKey>& keys = {common}) {
  WatermarkReader reader(keys);
  for (const Frame& frame : frames) reader.add(frame.rgb.data(), frame.stride(), frame.width, frame.height);
  return reader.result();
}

std::vector<Frame> changed(const std::vector<Frame>& frames,
                           const std::function<Frame(const Frame&)>& change) {
  std::vector<Frame> list;
  for (const Frame& frame : frames) list.push_back(change(frame));
  return list;
}

// Marked once for all tests.
const std::vector<Frame>& clip() {
  static const std::vector<Frame> frames = marked(scenes(kSide, kSide));
  return frames;
}

TEST(Watermark, IsFoundAndRead) {
  const FoundWatermark found = read(clip());
  ASSERT_TRUE(found.found);
  EXPECT_LT(found.false_alarm, 1e-9);
  ASSERT_TRUE(found.payload);
  EXPECT_EQ(*found.payload, payload_of(7, "5f", false));
  EXPECT_NEAR(found.tile, 128, 1);
}

TEST(Watermark, ChangesLittle) {
  const std::vector<Frame> plain = scenes(kSide, kSide);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const double error = mean_square(plain[i], clip()[i]);
    EXPECT_GT(error, 0.05);
    EXPECT_LT(error, 255 * 255 / std::pow(10, 4.4));  // PSNR 44 dB
  }
}

TEST(Watermark, ChangesFlatGroundByOneLevelOrTwo) {
  const Frame flat = blank(kSide, kSide, 120);
  const Frame with = marked({flat})[0];
  EXPECT_LT(mean_square(flat, with), 0.35);
  for (const std::uint8_t value : with.rgb) ASSERT_LE(std::abs(value - 120), 2);
  EXPECT_TRUE(read({with}).found);
}

TEST(Watermark, KeepsColours) {
  const Frame plain = scene(kSide, kSide, 0);
  const Frame with = marked({plain})[0];
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const int red = with.at(x, y, 0) - plain.at(x, y, 0);
      ASSERT_EQ(with.at(x, y, 1) - plain.at(x, y, 1), red);
      ASSERT_EQ(with.at(x, y, 2) - plain.at(x, y, 2), red);
    }
  }
}

TEST(Watermark, IsTheSameBytesForTheSameSeed) {
  EXPECT_EQ(marked(scenes(kSide, kSide, 2))[1].rgb, clip()[1].rgb);
  EXPECT_NE(marked(scenes(kSide, kSide, 2), common, 8)[1].rgb, clip()[1].rgb);
}

// A frame's mark does not depend on the frames before it.
TEST(Watermark, OfAFrameAloneIsThatOfTheFrameInAVideo) {
  EXPECT_EQ(marked({scene(kSide, kSide, 3)})[0].rgb, clip()[3].rgb);
}

TEST(Watermark, TakesFramesWithPaddedRows) {
  Frame plain = scene(kSide, kSide, 0);
  const std::size_t row = static_cast<std::size_t>(kSide) * 3, padded = row + 61;
  std::vector<std::uint8_t> rows(padded * kSide, 77);
  for (std::size_t y = 0; y < kSide; ++y) std::copy_n(&plain.rgb[y * row], row, &rows[y * padded]);
  WatermarkEmbedder embedder(common, payload_of(7, "5f", false), kSide, kSide);
  embedder.mark(rows.data(), static_cast<std::ptrdiff_t>(padded));
  for (std::size_t y = 0; y < kSide; ++y) {
    ASSERT_TRUE(std::equal(&rows[y * padded], &rows[y * padded] + row, &clip()[0].rgb[y * row])) << y;
    ASSERT_EQ(rows[y * padded + row], 77);
  }
}

TEST(Watermark, IsFoundInOneFrame) { EXPECT_TRUE(read({clip()[2]}).found); }

TEST(Watermark, SurvivesHalfSize) {
  EXPECT_TRUE(read(changed(clip(), [](const Frame& f) { return resized(f, kSide / 2, kSide / 2); })).found);
}

TEST(Watermark, SurvivesDoubleSize) {
  const auto large = changed(clip(), [](const Frame& f) { return resized(f, 2 * kSide, 2 * kSide); });
  const FoundWatermark found = read({large[0], large[1]});
  EXPECT_TRUE(found.found);
  EXPECT_NEAR(found.tile, 256, 2);
}

TEST(Watermark, SurvivesACrop) {
  EXPECT_TRUE(read(changed(clip(), [](const Frame& f) { return cropped(f, 37, 21, 206, 206); })).found);
}

TEST(Watermark, SurvivesACropAndAnotherScale) {
  const FoundWatermark found =
      read(changed(clip(), [](const Frame& f) { return resized(cropped(f, 37, 21, 206, 206), 240, 240); }));
  EXPECT_TRUE(found.found);
  EXPECT_NEAR(found.tile, 128.0 * 240 / 206, 1.5);
}

TEST(Watermark, SurvivesBrightnessContrastAndNoise) {
  int t = 0;
  EXPECT_TRUE(read(changed(clip(), [&](Frame f) {
                ++t;
                for (std::size_t i = 0; i < f.rgb.size(); ++i) {
                  const double noise = 8 * (grain(static_cast<int>(i), 5, t) - 0.5);
                  f.rgb[i] =
                      static_cast<std::uint8_t>(std::clamp(1.1 * (f.rgb[i] - 128) + 140 + noise, 0.0, 255.0));
                }
                return f;
              })).found);
}

TEST(Watermark, IsNotFoundWithAnotherKey) {
  const FoundWatermark found = read(clip(), {own});
  EXPECT_FALSE(found.found);
  EXPECT_FALSE(found.payload);
  EXPECT_GT(found.false_alarm, 1e-4);
}

TEST(Watermark, OfAnOwnKeyIsFoundWithThatKeyAlone) {
  const auto frames = marked(scenes(kSide, kSide), own);
  EXPECT_FALSE(read(frames).found);
  const FoundWatermark found = read(frames, {common, own});
  ASSERT_TRUE(found.found);
  EXPECT_TRUE(found.own_key);
  ASSERT_TRUE(found.payload);
  EXPECT_TRUE(found.payload->own_key);
}

TEST(Watermark, IsNotFoundWhereThereIsNone) {
  EXPECT_FALSE(read(scenes(kSide, kSide)).found);
  EXPECT_FALSE(read({blank(kSide, kSide, 100)}).found);
  Frame noise = blank(200, 144);
  for (std::size_t i = 0; i < noise.rgb.size(); ++i)
    noise.rgb[i] = static_cast<std::uint8_t>(255 * grain(static_cast<int>(i), 9, 0));
  EXPECT_FALSE(read({noise}).found);
}

TEST(Watermark, IsFoundInALongVideoThatIsMarkedInPart) {
  WatermarkReader reader({common});
  const auto add = [&](const Frame& f) { reader.add(f.rgb.data(), f.stride(), f.width, f.height); };
  const std::vector<Frame> plain = scenes(128, 128), with = marked(plain);
  for (int i = 0; i < 150; ++i) add(plain[static_cast<std::size_t>(i) % plain.size()]);
  for (int i = 0; i < 50; ++i) add(with[static_cast<std::size_t>(i) % with.size()]);
  EXPECT_EQ(reader.frames(), 200);
  EXPECT_TRUE(reader.result().found);
}

TEST(Watermark, IsLeftOutOfPicturesThatAreTooSmall) {
  EXPECT_FALSE(WatermarkEmbedder::fits(63, 500));
  EXPECT_TRUE(WatermarkEmbedder::fits(64, 500));
  EXPECT_FALSE(read({blank(1, 1)}).found);
  EXPECT_FALSE(read({blank(20, 3)}).found);
}

TEST(Watermark, CanBeInPicturesOfAnyShape) {
  for (const auto& [width, height] : {std::pair{64, 64}, {66, 400}, {854, 480}}) {
    const auto frames = marked(scenes(width, height, 2));
    EXPECT_TRUE(read(frames).found) << width << "x" << height;
  }
}

TEST(WatermarkKeyFile, HasSixteenBytesOrMore) {
  const TemporaryFolder folder;
  std::ofstream(folder / "short") << "secret";
  std::ofstream(folder / "long") << "a secret of more than sixteen bytes";
  expect_error([&] { (void)read_watermark_key(folder / "short"); }, ErrorKind::data, "at least 16");
  expect_error([&] { (void)read_watermark_key(folder / "none"); }, ErrorKind::no_input, "none");
  EXPECT_TRUE(read_watermark_key(folder / "long").own);
  EXPECT_EQ(read_watermark_key(folder / "long"), read_watermark_key(folder / "long"));
  EXPECT_NE(read_watermark_key(folder / "long").digest, common.digest);
}

}  // namespace
}  // namespace sora::test
