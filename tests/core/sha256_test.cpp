#include "core/sha256.h"

#include <gtest/gtest.h>

namespace sora {
namespace {

// From FIPS 180-4's examples (NIST) and, for the lengths around a block, from coreutils' sha256sum.
TEST(Sha256, AgreesWithPublishedDigests) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheDigestOfTheWhole) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i);
  for (std::size_t length : {55u, 56u, 63u, 64u, 65u, 119u, 120u, 128u, 300u}) {
    const std::string whole = text.substr(0, length);
    Sha256 pieces;
    for (std::size_t at = 0, n = 1; at < length; at += n, n = n % 7 + 1) {
      pieces.update(whole.data() + at, std::min(n, length - at));
    }
    EXPECT_EQ(pieces.hex(), sha256_hex(whole)) << length;
  }
}

}  // namespace
}  // namespace sora
