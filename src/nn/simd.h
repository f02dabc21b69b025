// What the hand-written inner loops of this folder share. A function marked SORA_SIMD is compiled twice, for
// AVX2 with FMA and for the build's own target; the library chooses when it is loaded, so that the build
// itself may run anywhere. Only these functions' bodies, and what is inlined into them, are.
#pragma once

#include <cstdint>
#include <cstring>

// A name of a CPU would be matched by its maker too: "haswell" is never an AMD. The level asks for what it
// can do, and is known from GCC 12 on.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define SORA_SIMD __attribute__((target_clones("arch=x86-64-v3", "default")))
#elif defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SORA_SIMD __attribute__((target_clones("arch=haswell", "default")))
#else
#define SORA_SIMD
#endif
#define SORA_INLINE inline __attribute__((always_inline))

// Vectors only pass between functions that are inlined: no calling convention is at stake.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace sora::nn {

/// Eight floats, at any address; without AVX the compiler makes do with what there is.
using Vec = float __attribute__((vector_size(32), aligned(4), may_alias));
constexpr std::int64_t vec_size = 8;

SORA_INLINE Vec load(const float* p) { return *reinterpret_cast<const Vec*>(p); }
SORA_INLINE void store(float* p, Vec x) { *reinterpret_cast<Vec*>(p) = x; }
/// The first `count` of eight, zeros behind them.
SORA_INLINE Vec load_some(const float* p, std::int64_t count) {
  float lanes[vec_size] = {};
  std::memcpy(lanes, p, static_cast<std::size_t>(count) * sizeof(float));
  return load(lanes);
}

constexpr std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

}  // namespace sora::nn
