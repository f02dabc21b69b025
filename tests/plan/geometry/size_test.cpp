#include "plan/geometry/size.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sora/error.h"

namespace sora {
namespace {

TEST(Size, NamedSizesGiveTheShortSide) {
  EXPECT_EQ(parse_res("720p", {})->width, 1280);
  EXPECT_EQ(parse_res("720p", "9:16")->width, 720);
  EXPECT_EQ(parse_res("720p", "9:16")->height, 1280);
  EXPECT_EQ(parse_res("480p", {})->width % 2, 0);
  EXPECT_EQ(parse_res("1080p", "1:1")->width, 1080);
  EXPECT_EQ(parse_res("1440p", {})->width, 2560);
  for (const char* name : {"4k", "4K", "2160p"}) {
    EXPECT_EQ(parse_res(name, {})->width, 3840) << name;
    EXPECT_EQ(parse_res(name, {})->height, 2160) << name;
  }
  EXPECT_EQ(parse_res("8k", {})->width, 7680);
  EXPECT_EQ(parse_res("4k", "9:16")->height, 3840);
}

TEST(Size, WrongSizesAreUsageErrors) {
  for (const char* text : {"", "x", "12", "1920x", "x1080", "1920x1080x3", "-64x64", "64x-64", "15x64",
                           "63x64", "8200x64", "5k", "4kk", "64 x64", "p", "1080", "0x0"}) {
    try {
      parse_res(text, {});
      FAIL() << text << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << text;
    }
  }
  EXPECT_THROW(parse_aspect("16:0"), Error);
  EXPECT_THROW(parse_aspect("wide"), Error);
  EXPECT_THROW(parse_aspect("16:9:4"), Error);
}

TEST(Size, ExactCanvasIsOnTheGridAndKeepsTheWantedSize) {
  const Canvas canvas = exact_canvas({50, 34}, {16, 16});
  EXPECT_EQ(canvas.made.width, 64);
  EXPECT_EQ(canvas.made.height, 48);
  EXPECT_EQ(canvas.crop.width, 50);
  EXPECT_EQ(canvas.crop.height, 34);
}

TEST(Size, NativeCanvasKeepsTheAspectWithinOnePercentAndTheAreaWithinAQuarter) {
  const double area = 128 * 128;
  for (const Size wanted : {Size{1920, 1080}, Size{1080, 1920}, Size{1000, 1000}, Size{2520, 1080},
                            Size{640, 480}, Size{4096, 2160}, Size{720, 576}}) {
    const Canvas canvas = native_canvas(wanted, 128 * 128, {16, 16});
    EXPECT_EQ(canvas.made.width % 16, 0);
    EXPECT_EQ(canvas.made.height % 16, 0);
    EXPECT_LE(canvas.crop.width, canvas.made.width);
    EXPECT_LE(canvas.crop.height, canvas.made.height);
    const double aspect = static_cast<double>(canvas.crop.width) / canvas.crop.height;
    EXPECT_NEAR(aspect / (static_cast<double>(wanted.width) / wanted.height), 1, 0.01)
        << wanted.width << "x" << wanted.height;
    EXPECT_NEAR(canvas.crop.width * canvas.crop.height / area, 1, 0.25)
        << wanted.width << "x" << wanted.height;
  }
}

}  // namespace
}  // namespace sora
