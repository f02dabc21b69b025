// Gaussian noise for initial latents, the same for a seed as PyTorch's CPU generator gives.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace sora {

/// Each draw is the next torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed)). The values
/// are PyTorch's to the last bit on the same instruction set; without AVX2 its Box-Muller transform differs
/// in the last bits. As in PyTorch only the low 32 bits of the seed count: seeds that differ by a multiple of
/// 2^32 give the same noise.
class NoiseSource {
 public:
  explicit NoiseSource(std::uint64_t seed);

  /// float32 on the CPU, contiguous; move it to the device afterwards.
  at::Tensor draw(at::IntArrayRef shape);

 private:
  at::Generator generator_;
};

}  // namespace sora
