#include "models/wan/vae_memory.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "models/wan/networks/vae.h"
#include "models/wan/tensor_memory.h"
#include "places.h"

namespace sora::wan {
namespace {

// A process that decoded 9 frames of 256x256 with Wan 2.1's decoder reached 1193 MiB
// (scripts/bench/full_size.py), of which 280 are the weights; libraries and memory that the allocator
// keeps are included.
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

class DecoderMemory : public testing::TestWithParam<const char*> {};

TEST_P(DecoderMemory, IsWhatItsTensorsTakeWhateverTheNumberOfFrames) {
  const c10::InferenceMode inference;
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto vae = load_vae(test_data() / "vae" / GetParam(), {});
  const VaeConfig& config = vae->config();
  const std::int64_t side = 40;  // latent cells
  for (const std::int64_t frames : {2, 5}) {
    const at::Tensor latents = at::randn({1, config.z_dim, frames, side, side});
    test::TensorMemory memory;
    {
      const auto stream = vae->decoder();
      for (std::int64_t t = 0; t < frames; ++t) (void)stream->next(latents.narrow(2, t, 1));
    }
    const std::int64_t pixels = side * config.scale_factor_spatial;
    const auto counted = static_cast<double>(decoder_bytes(config, pixels, pixels));
    RecordProperty("counted_mb", std::to_string(counted / 1e6));
    RecordProperty("found_mb", std::to_string(static_cast<double>(memory.peak()) / 1e6));
    // The residual model of two channels takes a tenth more than is counted.
    EXPECT_LT(static_cast<double>(memory.peak()), 1.15 * counted);
    EXPECT_GT(static_cast<double>(memory.peak()), 0.5 * counted);
  }
  at::set_num_threads(threads);
}

INSTANTIATE_TEST_SUITE_P(Models, DecoderMemory, testing::Values("plain", "residual"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace sora::wan
