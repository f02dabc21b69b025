#include "jobs/output_name.h"

#include <gtest/gtest.h>

#include <string>

namespace sora {
namespace {

TEST(Slug, IsLowerCaseAsciiJoinedByDashes) {
  EXPECT_EQ(slug("A lighthouse, in a storm!"), "a-lighthouse-in-a-storm");
  EXPECT_EQ(slug("  it's 5 o'clock  "), "its-5-oclock");
  EXPECT_EQ(slug("a/b\\c:d\n..e"), "a-b-c-d-e");
}

TEST(Slug, IsNeverEmpty) {
  EXPECT_EQ(slug(""), "video");
  EXPECT_EQ(slug("海辺の灯台"), "video");
  EXPECT_EQ(slug("!?"), "video");
  EXPECT_EQ(slug("灯台 at night"), "at-night");
}

TEST(Slug, IsCutBetweenWordsAtSixtyCharacters) {
  const std::string ten = "abcdefghi ";
  EXPECT_EQ(slug(ten + ten + ten + ten + ten + "abcdefghij"),
            slug(ten + ten + ten + ten + ten) + "-abcdefghij");
  EXPECT_EQ(slug(ten + ten + ten + ten + ten + "abcdefghijk"), slug(ten + ten + ten + ten + ten));
  EXPECT_EQ(slug(ten + ten + ten + ten + ten + "abcdefghij and more"),
            slug(ten + ten + ten + ten + ten) + "-abcdefghij");
  EXPECT_EQ(slug(std::string(100, 'x')), std::string(60, 'x'));
}

TEST(DefaultOutputName, HasSeedAndExtension) {
  EXPECT_EQ(default_output_name("A fox", 18446744073709551615U), "a-fox-18446744073709551615.mp4");
  EXPECT_EQ(default_output_name("", 0, "webm"), "video-0.webm");
}

}  // namespace
}  // namespace sora
