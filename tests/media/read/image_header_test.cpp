// Facts of an image from its first bytes.
#include "media/read/image_header.h"

#include <gtest/gtest.h>

#include <string>

namespace sora {
namespace {

std::string bmp(std::int32_t width, std::int32_t height) {
  std::string bytes = "BM" + std::string(52, '\0');
  bytes[14] = 40;  // of the header behind this
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[18 + i] = static_cast<char>(static_cast<std::uint32_t>(width) >> (8 * i));
    bytes[22 + i] = static_cast<char>(static_cast<std::uint32_t>(height) >> (8 * i));
  }
  return bytes;
}

TEST(ImageHeader, OfABmpTheHeightMayBeNegativeAndTheWidthNot) {
  EXPECT_EQ(read_image_header(bmp(3, -2)).height, 2);
  EXPECT_EQ(read_image_header(bmp(3, INT32_MIN)).height, std::int64_t{1} << 31);
  EXPECT_EQ(read_image_header(bmp(3, 2)).width, 3);
  EXPECT_EQ(read_image_header(bmp(-3, 2)).width, 0) << "not known";
  EXPECT_EQ(read_image_header(bmp(INT32_MIN, 2)).width, 0);
}

}  // namespace
}  // namespace sora
