// Rotary position embedding over the three axes of the token grid (Su et al., RoFormer, 2104.09864).
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <list>

namespace sora::wan {

/// Token grid: frames, rows, columns.
using Grid = std::array<std::int64_t, 3>;

class RotaryEmbedding {
 public:
  /// `max_positions` limits each axis of a grid (rope_max_seq_len).
  RotaryEmbedding(std::int64_t head_dim, std::int64_t max_positions)
      : head_dim_(head_dim), max_positions_(max_positions) {}

  /// exp(i * angle) of each token and channel pair: complex64 [L, 1, head_dim / 2], L = frames * rows *
  /// columns, columns fastest. The pairs are divided between the axes in the order frames, rows,
  /// columns. The grid's first frame has position `first`. The table is cached, so that a denoising loop
  /// computes it once. Throws Error (data) when the grid is larger than the model's position table.
  const at::Tensor& table(const Grid& grid, at::Device device, std::int64_t first = 0);

 private:
  struct Entry {
    Grid grid;
    std::int64_t first;
    at::Device device;
    at::Tensor table;
  };
  std::int64_t head_dim_;
  std::int64_t max_positions_;
  std::list<Entry> recent_;  // latest first
};

/// Rotates the pairs (2j, 2j + 1) of each head of x [B, L, heads, head_dim], in fp32; the result has x's
/// type.
at::Tensor apply_rotary(const at::Tensor& x, const at::Tensor& table);

}  // namespace sora::wan
