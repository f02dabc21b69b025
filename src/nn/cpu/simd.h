// Shared by the hand-written inner loops of this folder. A function marked SORA_SIMD, with all that is
// inlined into it, is compiled twice: for AVX2 with FMA and for the build's own target. The library chooses
// when it is loaded, so one build runs on any CPU.
#pragma once

#include <cstdint>
#include <cstring>

// GCC matches the name of a CPU by its vendor too: "haswell" is never chosen on AMD. An architecture level
// only asks for instructions; GCC knows it from version 12 on.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define SORA_SIMD __attribute__((target_clones("arch=x86-64-v3", "default")))
#elif defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SORA_SIMD __attribute__((target_clones("arch=haswell", "default")))
#else
#define SORA_SIMD
#endif
#define SORA_INLINE inline __attribute__((always_inline))

// The warning is about passing vectors between functions; here all such functions are inlined.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace sora::nn {

/// Eight floats, at any address; without AVX the compiler uses narrower vectors.
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

// Picks lanes of two vectors by constant numbers, 0 to 7 and 8 to 15.
#if defined(__clang__) || __GNUC__ >= 12
#define SORA_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SORA_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, IndexVec{__VA_ARGS__})
using IndexVec = std::int32_t __attribute__((vector_size(32)));
#endif

/// Rows become columns.
SORA_INLINE void transpose(Vec (&m)[vec_size]) {
  Vec pairs[vec_size], fours[vec_size];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = SORA_SHUFFLE(m[i], m[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = SORA_SHUFFLE(m[i], m[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; ++j) {
      fours[i + 2 * j] = SORA_SHUFFLE(pairs[i + j], pairs[i + 2 + j], 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 * j + 1] = SORA_SHUFFLE(pairs[i + j], pairs[i + 2 + j], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int i = 0; i < 4; ++i) {
    m[i] = SORA_SHUFFLE(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    m[i + 4] = SORA_SHUFFLE(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

constexpr std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

}  // namespace sora::nn
