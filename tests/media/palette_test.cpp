// Pictures to the palette of a GIF.
#include "media/write/palette.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sora {
namespace {

using Picture = std::vector<std::uint8_t>;

// What a viewer shows: the pixels after palette and indices.
Picture shown(AdaptivePalette& palette, const Picture& rgb, int width) {
  std::vector<std::uint8_t> indices(rgb.size() / 3);
  palette.convert(rgb.data(), width * 3, indices.data(), width);
  Picture back;
  for (const std::uint8_t index : indices)
    for (const int shift : {16, 8, 0})
      back.push_back(static_cast<std::uint8_t>(palette.colours()[index] >> shift & 255));
  return back;
}

// Each square level of the 32 once, in another order of channels for each `turn`.
Picture ramp(int turn) {
  Picture rgb;
  for (int i = 0; i < 64; ++i) {
    const std::uint8_t value = static_cast<std::uint8_t>(i * 4);
    for (int c = 0; c < 3; ++c) rgb.push_back(c == turn ? value : 0);
  }
  return rgb;
}

Picture noise(int pixels) {
  std::minstd_rand random(1);
  Picture rgb;
  for (int i = 0; i < pixels * 3; ++i) rgb.push_back(static_cast<std::uint8_t>(random() >> 8));
  return rgb;
}

TEST(Palette, FewColoursComeOutAsTheyAre) {
  Picture rgb;
  for (const int grey : {0, 17, 100, 100, 200, 255, 17, 0}) rgb.insert(rgb.end(), 3, std::uint8_t(grey));
  AdaptivePalette palette(4, 2);
  EXPECT_EQ(shown(palette, rgb, 4), rgb);
  EXPECT_EQ(palette.colours()[254], palette.colours()[4]) << "the last colour fills the table";
  EXPECT_EQ(palette.colours()[255], 0U) << "transparent";
}

TEST(Palette, APictureOfOneColourHasOne) {
  const Picture rgb(48, std::uint8_t{9});
  AdaptivePalette palette(4, 4);
  EXPECT_EQ(shown(palette, rgb, 4), rgb);
}

TEST(Palette, ANewPaletteForgetsWhatWasNearestInTheLast) {
  AdaptivePalette again(64, 1);
  for (int turn = 0; turn < 3; ++turn) {
    AdaptivePalette fresh(64, 1);
    EXPECT_EQ(shown(again, ramp(turn), 64), shown(fresh, ramp(turn), 64)) << turn;
  }
}

TEST(Palette, StaysWhileItServes) {
  Picture rgb = noise(64 * 32);
  AdaptivePalette palette(64, 32);
  (void)shown(palette, rgb, 64);
  const AdaptivePalette::Colours before = palette.colours();
  rgb[0] ^= 1;
  (void)shown(palette, rgb, 64);
  EXPECT_EQ(palette.colours(), before);
  (void)shown(palette, Picture(rgb.size(), std::uint8_t{77}), 64);
  EXPECT_NE(palette.colours(), before);
}

TEST(Palette, ManyColoursStayNear) {
  const int side = 128;
  Picture rgb;
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x)
      for (const int value : {x * 2, y * 2, (x + y)}) rgb.push_back(static_cast<std::uint8_t>(value));
  AdaptivePalette palette(side, side);
  const Picture back = shown(palette, rgb, side);
  double squares = 0;
  for (std::size_t i = 0; i < rgb.size(); ++i) {
    const double d = double(rgb[i]) - back[i];
    squares += d * d;
  }
  EXPECT_LT(squares / double(rgb.size()), 40.0) << "255 colours over a plane of the cube: 16 levels a side";
}

}  // namespace
}  // namespace sora
