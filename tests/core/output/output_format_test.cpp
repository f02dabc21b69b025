#include "core/output/output_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sora/error.h"

namespace sora {
namespace {

using testing::HasSubstr;

std::string refused(const std::string& path, std::optional<std::string> format = {},
                    std::optional<std::string> codec = {}, std::optional<std::string> pix_fmt = {}) {
  try {
    resolve_output(path, format, codec, pix_fmt);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage);
    return e.what();
  }
  ADD_FAILURE() << path << " was accepted";
  return "";
}

TEST(OutputFormat, TheNameDecidesTheContainer) {
  const std::pair<const char*, const char*> cases[] = {
      {"a.mp4", "mp4/h264/yuv420p"},    {"A.MKV", "matroska/h264/yuv420p"},
      {"x/y.webm", "webm/vp9/yuv420p"}, {"a.mov", "mov/h264/yuv420p"},
      {"a.gif", "gif/gif/pal8"},        {"a.png", "png/png/rgb24"},
      {"a.JPEG", "jpg/mjpeg/yuv444p"},  {"a.webp", "webp/webp/bgra"},
      {"a.avif", "avif/av1/yuv420p"},   {"a.y4m", "y4m/rawvideo/yuv420p"},
      {"-", "mp4/h264/yuv420p"},        {"my.clip.v2.mp4", "mp4/h264/yuv420p"}};
  for (const auto& [path, expected] : cases) {
    const OutputFormat f = resolve_output(path);
    EXPECT_EQ(f.container + "/" + f.codec + "/" + f.pix_fmt, expected) << path;
  }
}

TEST(OutputFormat, OptionsWinOverTheName) {
  const OutputFormat f = resolve_output("a.mp4", "mkv", "ffv1");
  EXPECT_EQ(f.container, "matroska");
  EXPECT_EQ(f.codec, "ffv1");
  EXPECT_EQ(f.pix_fmt, "bgr0");
  EXPECT_EQ(resolve_output("-", "rgb24").pix_fmt, "rgb24");
  EXPECT_EQ(resolve_output("a.mp4", {}, "H265").codec, "hevc");
}

TEST(OutputFormat, WhatDoesNotGoTogetherIsRefusedWithTheChoices) {
  EXPECT_THAT(refused("a.webm", {}, "h264"), HasSubstr("vp9, av1"));
  EXPECT_THAT(refused("a.avi"), HasSubstr("mp4, mkv, webm"));
  EXPECT_THAT(refused("noextension"), HasSubstr("--format"));
  EXPECT_THAT(refused("-", "ogg"), HasSubstr("--format ogg"));
  EXPECT_THAT(refused("a.mp4", {}, {}, "rgb24"), HasSubstr("yuv420p, yuv422p"));
  EXPECT_THAT(refused("a.mp4", {}, "ffv1"), HasSubstr("h264, hevc, av1, vp9"));
}

TEST(OutputFormat, NumberedNamesAreSequences) {
  EXPECT_TRUE(resolve_output("dir/%05d.png").sequence);
  EXPECT_FALSE(resolve_output("50%.png").sequence);
  EXPECT_FALSE(resolve_output("%d.mp4").sequence);
  EXPECT_TRUE(resolve_output("a.png").still);
  EXPECT_THAT(refused("%d-%d.png"), HasSubstr("one number"));
  EXPECT_THAT(refused("%s%d.png"), HasSubstr("one number"));
  EXPECT_THAT(refused("%d/a.png"), HasSubstr("folder"));
  EXPECT_TRUE(resolve_output("%d.avif").sequence);
  EXPECT_EQ(sequence_name("dir/%05d.png", 7), "dir/00007.png");
  EXPECT_EQ(sequence_name("%d%%-%s.png", 123), "123%-%s.png");
  EXPECT_EQ(sequence_name("%03d.png", 12345), "12345.png");
}

TEST(OutputFormat, SomePicturesMayHaveMoreFramesInOneFile) {
  for (const char* name : {"a.webp", "a.avif"}) {
    EXPECT_TRUE(resolve_output(name).still) << name;
    EXPECT_TRUE(resolve_output(name).animation) << name;
  }
  EXPECT_FALSE(resolve_output("%d.webp").animation);
  EXPECT_FALSE(resolve_output("%d.avif").animation);
  EXPECT_FALSE(resolve_output("a.png").animation);
  EXPECT_EQ(resolve_output("-", "avif").container, "avif");
}

TEST(OutputFormat, OddSizesAreRefusedWhereChromaIsHalved) {
  EXPECT_THROW(check_size(resolve_output("a.mp4"), 127, 96), Error);
  EXPECT_THROW(check_size(resolve_output("a.mp4"), 128, 95), Error);
  EXPECT_NO_THROW(check_size(resolve_output("a.mp4"), 128, 96));
  EXPECT_NO_THROW(check_size(resolve_output("a.mp4", {}, {}, "yuv444p"), 127, 95));
  EXPECT_NO_THROW(check_size(resolve_output("a.png"), 127, 95));
  EXPECT_NO_THROW(check_size(resolve_output("a.avif", {}, {}, "yuv444p"), 127, 95));
  EXPECT_THROW(check_size(resolve_output("a.png"), 0, 95), Error);
}

TEST(FrameRate, DecimalsStandForTheirExactRate) {
  const std::tuple<double, int, int> cases[] = {{8, 8, 1},
                                                {23.976, 24000, 1001},
                                                {23.98, 24000, 1001},
                                                {29.97, 30000, 1001},
                                                {59.94, 60000, 1001},
                                                {24000.0 / 1001, 24000, 1001},
                                                {24, 24, 1},
                                                {12.5, 25, 2},
                                                {7.3, 73, 10},
                                                {0.5, 1, 2},
                                                {119.88, 120000, 1001}};
  for (const auto& [fps, num, den] : cases) {
    const FrameRate rate = frame_rate(fps);
    EXPECT_EQ(rate.num, num) << fps;
    EXPECT_EQ(rate.den, den) << fps;
  }
  for (const double fps : {0.0, -1.0, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(frame_rate(fps), Error) << fps;
  }
}

}  // namespace
}  // namespace sora
