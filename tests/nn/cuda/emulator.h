// Runs the body of a CUDA kernel on the CPU. The threads of a block are contexts of their own that take
// turns: each runs until it waits for others, at __syncthreads() or in a shuffle. Which of them goes first is
// chosen by `order`, so that a wait that is missing gives other numbers in one order than in another. Include
// it before the kernels.
#pragma once

#include <cmath>
#include <cstring>

namespace sora::emulated {

struct Index {
  unsigned x = 0;
};
extern Index thread_index, block_index;

void wait_for_block();
float exchange(float value, int lane_mask, int width);

/// Runs `body` for every thread of every block. order 0: threads from first to last, 1: from last to first,
/// else mixed by that seed, and the warps as well. Throws std::runtime_error where threads wait for each
/// other at different places, or for one that has ended.
void run_grid(unsigned blocks, unsigned threads, unsigned order, void (*body)(const void*),
              const void* arguments);

}  // namespace sora::emulated

// The words of CUDA that the kernels use.
#define __device__
#define __shared__ static
#define threadIdx sora::emulated::thread_index
#define blockIdx sora::emulated::block_index

inline void __syncthreads() { sora::emulated::wait_for_block(); }
inline float __shfl_xor_sync(unsigned, float value, int lane_mask, int width) {
  return sora::emulated::exchange(value, lane_mask, width);
}
inline float __uint_as_float(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline unsigned __float_as_uint(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
inline float rsqrtf(float value) { return 1 / std::sqrt(value); }
