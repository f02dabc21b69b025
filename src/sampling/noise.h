// Gaussian noise for initial latents, the same for a seed as PyTorch's CPU generator gives.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace sora {

/// torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed)), draw after draw. The values are
/// PyTorch's to the last bit on the same instruction set; without AVX2 its Box-Muller transform differs in
/// the last bits. Only the low 32 bits of the seed count (so it is in PyTorch): seeds that differ by a
/// multiple of 2^32 give one noise.
class NoiseSource {
 public:
  explicit NoiseSource(std::uint64_t seed);

  /// float32 on the CPU, contiguous; move it to the device afterwards.
  at::Tensor draw(at::IntArrayRef shape);

 private:
  at::Generator generator_;
};

}  // namespace sora
