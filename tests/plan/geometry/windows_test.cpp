#include "plan/geometry/windows.h"

#include <gtest/gtest.h>

namespace sora {
namespace {

TEST(Windows, AShortVideoIsOneWindowOfItsOwnLength) {
  const auto windows = plan_windows(3, 5, 2);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].count, 3);
  EXPECT_EQ(windows[0].conditioning, 0);
}

TEST(Windows, LaterWindowsHoldTheEndOfTheOneBeforeAndLeaveNoGap) {
  for (int total = 1; total < 60; ++total) {
    for (int native = 1; native < 8; ++native) {
      const auto windows = plan_windows(total, native, 2);
      int made = 0;
      for (const Window& window : windows) {
        EXPECT_EQ(window.first + window.conditioning, made);
        EXPECT_GT(window.count, window.conditioning);
        made = window.first + window.count;
      }
      EXPECT_GE(made, total);
      EXPECT_LT(made - total, std::max(native, 2)) << "a whole window too much";
    }
  }
}

}  // namespace
}  // namespace sora
