// The mark of --visible-mark: in the corner, and nowhere else, at every size.
#include "pipeline/frames/visible_mark.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace sora::test {
namespace {

struct Marked {
  int left = 0, top = 0, right = 0, bottom = 0;  // of what was drawn; right and bottom are past it
  int brightest = 0;
};

// Where a grey picture of this size is changed; all zero: nowhere.
Marked marked(int width, int height) {
  constexpr std::uint8_t kGrey = 100;
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3,
                                kGrey);
  draw_mark(rgb.data(), std::ptrdiff_t{width} * 3, width, height);
  Marked found{width, height, 0, 0, 0};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const std::uint8_t value = rgb[static_cast<std::size_t>(y * width + x) * 3];
      if (value == kGrey) continue;
      found = {std::min(found.left, x), std::min(found.top, y), std::max(found.right, x + 1),
               std::max(found.bottom, y + 1), std::max<int>(found.brightest, value)};
    }
  }
  return found.right == 0 ? Marked{} : found;
}

TEST(VisibleMark, IsInTheLowerRightCornerAtEverySize) {
  for (const auto& [width, height] : {std::pair{18, 18}, {128, 128}, {832, 480}, {480, 832}, {1920, 1080}}) {
    const Marked found = marked(width, height);
    EXPECT_GT(found.left, width / 2 - 2) << width;
    EXPECT_GT(found.top, height / 2) << width;
    EXPECT_LT(found.right, width) << width;
    EXPECT_LT(found.bottom, height) << width;
    EXPECT_EQ(found.brightest, 235) << width;
  }
}

TEST(VisibleMark, GrowsWithThePicture) {
  const Marked small = marked(832, 480), large = marked(1920, 1080);
  EXPECT_EQ(small.bottom - small.top, 21);  // 3 x 7
  EXPECT_EQ(large.bottom - large.top, 49);  // 7 x 7
}

TEST(VisibleMark, IsLeftOutWhereThereIsNoRoom) {
  for (const auto& [width, height] : {std::pair{1, 1}, {17, 17}, {1000, 17}, {2, 400}})
    EXPECT_EQ(marked(width, height).right, 0) << width;
}

}  // namespace
}  // namespace sora::test
