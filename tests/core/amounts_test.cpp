#include "core/amounts.h"

#include <gtest/gtest.h>

namespace sora {
namespace {

TEST(Amounts, GigabytesHaveTheUnitThatFits) {
  EXPECT_EQ(gigabytes_text(0), "0 B");
  EXPECT_EQ(gigabytes_text(0.000052), "52 kB");
  EXPECT_EQ(gigabytes_text(0.052), "52 MB");
  EXPECT_EQ(gigabytes_text(0.3014), "300 MB");
  EXPECT_EQ(gigabytes_text(0.99949), "1.0 GB");
  EXPECT_EQ(gigabytes_text(4.2345), "4.2 GB");
  EXPECT_EQ(gigabytes_text(17.4), "17 GB");
  EXPECT_EQ(gigabytes_text(123.4), "123 GB");
}

TEST(Amounts, EstimatesAreAsExactAsTheyAre) {
  EXPECT_EQ(estimate_text(4.21), "4.2 s");
  EXPECT_EQ(estimate_text(9.97), "10 s");
  EXPECT_EQ(estimate_text(119.4), "119 s");
  EXPECT_EQ(estimate_text(120), "2 min");
  EXPECT_EQ(estimate_text(7199), "2 h 00 min");
  EXPECT_EQ(estimate_text(3 * 3600 + 5 * 60), "3 h 05 min");
}

TEST(Amounts, NumbersAreAsPeopleTypeThem) {
  EXPECT_EQ(shortest_text(16), "16");
  EXPECT_EQ(shortest_text(29.97), "29.97");
  EXPECT_EQ(shortest_text(0.0001), "0.0001");
  EXPECT_EQ(shortest_text(0.1), "0.1");
  EXPECT_EQ(shortest_text(0), "0");
  EXPECT_EQ(shortest_text(-1000000), "-1000000");
  EXPECT_EQ(shortest_text(1e30), "1e+30");
  EXPECT_EQ(std::stod(shortest_text(1.0 / 999983)), 1.0 / 999983);
}

}  // namespace
}  // namespace sora
