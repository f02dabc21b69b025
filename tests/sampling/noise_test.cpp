#include "sampling/noise.h"

#include <ATen/Version.h>
#include <gtest/gtest.h>

#include "sampling/golden.h"

namespace sora {
namespace {

// PyTorch's Box-Muller transform has an AVX2 form (which AVX-512 machines use too) and a plain one; each has
// its own goldens, which must be met to the bit. Other instruction sets may round a logarithm or a cosine
// differently: there the tolerance is 1e-6.
std::string goldens_of_this_machine() {
  return at::get_cpu_capability().starts_with("AVX") ? "noise-avx2.safetensors" : "noise-default.safetensors";
}

bool exact_on_this_machine() {
  const std::string capability = at::get_cpu_capability();
  return capability.starts_with("AVX") || capability == "DEFAULT";
}

TEST(NoiseSource, SuccessiveDrawsAreThoseOfPyTorchsCpuGenerator) {
  const SafetensorsFile file(golden_path(goldens_of_this_machine()));
  for (const std::uint64_t seed : {0ULL, 7ULL, 4294967295ULL, 12345678901234ULL}) {
    NoiseSource noise(seed);
    for (int draw = 0; draw < 7; ++draw) {  // 1 to 256 values, below and above the 16 that change the path
      const at::Tensor expected = golden_tensor(file, std::to_string(seed) + "." + std::to_string(draw));
      const at::Tensor found = noise.draw(expected.sizes());
      const double tolerance = exact_on_this_machine() ? 0 : 1e-6;
      EXPECT_TRUE(at::allclose(found, expected, 0, tolerance))
          << "seed " << seed << ", draw " << draw << " of " << expected.numel() << " values";
    }
  }
}

TEST(NoiseSource, GivesFloat32OnTheCpu) {
  const at::Tensor noise = NoiseSource(1).draw({1, 4, 2, 3, 3});
  EXPECT_EQ(noise.scalar_type(), at::kFloat);
  EXPECT_TRUE(noise.device().is_cpu());
  EXPECT_TRUE(noise.is_contiguous());
  EXPECT_EQ(noise.sizes(), (at::IntArrayRef{1, 4, 2, 3, 3}));
}

TEST(NoiseSource, OnlyTheLow32BitsOfTheSeedCount) {
  EXPECT_TRUE(at::equal(NoiseSource(5).draw({20}), NoiseSource(5 + (1ULL << 32)).draw({20})));
  EXPECT_FALSE(at::equal(NoiseSource(5).draw({20}), NoiseSource(6).draw({20})));
}

TEST(NoiseSource, DrawsDoNotDependOnTheGlobalGenerator) {
  at::manual_seed(1);
  const at::Tensor first = NoiseSource(9).draw({20});
  at::manual_seed(2);
  EXPECT_TRUE(at::equal(first, NoiseSource(9).draw({20})));
}

}  // namespace
}  // namespace sora
