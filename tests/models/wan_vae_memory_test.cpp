#include <gtest/gtest.h>

#include "models/wan/vae_memory.h"

namespace sora::wan {
namespace {

// A process that decoded 9 frames of 256x256 with Wan 2.1's decoder reached 1193 MiB
// (scripts/bench/full_size.py), of which 280 are the weights, and the libraries and what the allocator holds
// back are a part.
TEST(WanVaeMemory, AccountsForWhatWasMeasured) {
  constexpr double mib = 1 << 20;
  const double counted = static_cast<double>(decoder_bytes(VaeConfig{}, 256, 256)) / mib;
  EXPECT_LT(counted, 1193 - 280);
  EXPECT_GT(counted, 0.7 * (1193 - 280));
}

TEST(WanVaeMemory, FollowsTheWidth) {
  VaeConfig half;
  half.base_dim = half.decoder_base_dim = 48;
  EXPECT_LT(decoder_bytes(half, 480, 832), 0.55 * static_cast<double>(decoder_bytes(VaeConfig{}, 480, 832)));
}

}  // namespace
}  // namespace sora::wan
