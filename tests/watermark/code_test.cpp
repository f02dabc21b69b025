// The payload of the watermark and its code.
#include "watermark/code.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "watermark/payload.h"

namespace sora {
namespace {

std::array<float, kCodeBits> soft(std::uint64_t bits, double noise, unsigned seed) {
  const auto code = encode(bits);
  std::mt19937 random(seed);  // the standard fixes its numbers, and not those of its distributions
  std::array<float, kCodeBits> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    double sum = -6;  // of twelve even numbers: nearly normal, with variance 1
    for (int k = 0; k < 12; ++k) sum += random() * 0x1p-32;
    values.at(i) = static_cast<float>(code.at(i) + noise * sum);
  }
  return values;
}

TEST(WatermarkCode, GivesTheBitsBack) {
  for (const std::uint64_t bits : {0ULL, ~0ULL, 0x0123456789abcdefULL, 1ULL, 1ULL << 63})
    EXPECT_EQ(decode(soft(bits, 0, 1)), bits);
}

// At 2.5 dB (energy of a bit over noise) of 256 code bits about 47 are wrong.
TEST(WatermarkCode, ReadsBitsOfWhichNearlyAFifthAreWrong) {
  int right = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const std::uint64_t bits = 0x9e3779b97f4a7c15ULL * seed;
    right += decode(soft(bits, 1.06, seed)) == bits ? 1 : 0;
  }
  EXPECT_GE(right, 19);
}

TEST(WatermarkPayload, IsWhatWasPacked) {
  const WatermarkPayload payload = payload_of(12345, "5fa0", true);
  EXPECT_EQ(payload.model_class, 0x5f);
  EXPECT_TRUE(payload.own_key);
  EXPECT_EQ(payload.version, kWatermarkVersion);
  EXPECT_EQ(unpacked(packed(payload)), payload);
  EXPECT_EQ(payload_text(payload).size(), 16);
  EXPECT_EQ(id_text(payload).size(), 9);
}

TEST(WatermarkPayload, HasARandomNumberThatFollowsFromTheSeed) {
  EXPECT_EQ(payload_of(7, "5f", false), payload_of(7, "5f", false));
  EXPECT_NE(payload_of(7, "5f", false).id, payload_of(8, "5f", false).id);
}

TEST(WatermarkPayload, NoticesAWrongBit) {
  const std::uint64_t bits = packed(payload_of(7, "5f", false));
  for (int i = 0; i < 64; ++i) EXPECT_FALSE(unpacked(bits ^ (std::uint64_t{1} << i))) << i;
  EXPECT_FALSE(unpacked(0));
}

}  // namespace
}  // namespace sora
