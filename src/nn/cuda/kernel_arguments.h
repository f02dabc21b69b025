// The arguments of the CUDA kernels, and how the threads of a block share rows. Read by the compiler of the
// program and, as text, by NVRTC: plain C++17 without headers.
#pragma once

namespace sora::nn::cuda {

/// How a kernel for rows of `dim` values is built. A row is handled by `group` threads, and each of them
/// takes packs of `vec` neighbouring values: one load of up to 16 bytes.
struct Shape {
  int dim, vec, group;
  constexpr int packs() const { return dim / vec; }
  constexpr int packs_each() const { return (packs() + group - 1) / group; }
  constexpr int threads() const { return group > 32 ? group : 128; }  // of a block
  constexpr int rows_a_block() const { return threads() / group; }
};

constexpr int most_packs_a_thread = 4;
constexpr int most_threads = 1024;  // of a block, on all devices

/// The shape for `dim` values in packs of `vec`, a divisor of dim. Rows of up to 128 packs stay in one warp;
/// longer ones have a block of their own. group is 0 where the row is too long.
constexpr Shape shape_of(int dim, int vec) {
  const int packs = dim / vec;
  int group = 1;
  if (packs <= 32 * most_packs_a_thread) {
    while (group * most_packs_a_thread < packs) group *= 2;
  } else {
    group = 32 * ((packs + 32 * most_packs_a_thread - 1) / (32 * most_packs_a_thread));
  }
  return {dim, vec, group <= most_threads ? group : 0};
}

/// A vector for every row, chosen by the row's place: rows come in batches of `batch_rows`, and within a
/// batch `group_rows` neighbours share one vector.
struct RowVectors {
  long long batch_rows, group_rows;
  long long batch_stride, group_stride;  // in values
};

/// out = layer_norm(x) * (scale + scale_offset) + shift; scale and shift may be null.
struct ModulatedNormArguments {
  const void* x;
  void* out;
  const float* scale;
  const float* shift;
  RowVectors places;  // of scale and shift
  long long rows, row_stride;
  float eps, scale_offset;
};

/// out = x / sqrt(mean(x^2) + eps) * weight, then the pairs of each head rotated by table [batch_rows,
/// head_dim / 2] (cos, sin), unless it is null.
struct NormRotateArguments {
  const void* x;
  void* out;
  const float* weight;
  const float* table;
  long long rows, row_stride, batch_rows;
  int head_dim;
  float eps;
};

/// x += gate * y
struct GatedResidualArguments {
  void* x;
  const void* y;
  const float* gate;
  RowVectors places;
  long long rows;
};

/// out = x / max(|x|, 1e-12) * sqrt(dim) * gamma, then SiLU if `silu`.
struct ChannelNormArguments {
  const void* x;
  void* out;
  const float* gamma;
  long long rows;
  int silu;
};

/// Sums of a causal convolution's time taps (Note [Taps] in nn/causal_conv3d.h), and the passes after it.
/// taps [frames, pixels, tap_count, dim]; history [2, pixels, dim] or null; residual and out
/// [frames, pixels, dim]; next [2, pixels, dim], the history of the frames that follow, or null.
struct SumTapsArguments {
  const void* taps;
  const void* bias;
  const void* history;
  const void* residual;
  const float* gamma;  // null: no norm
  void* out;
  void* next;
  long long pixels, frames;
  int tap_count, silu;
};

}  // namespace sora::nn::cuda
