// Rotary position embedding over the whole width of the transformer, from positions in seconds and pixels.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <list>

namespace sora::ltx {

/// Token grid: latent frames, rows, columns.
using Grid = std::array<std::int64_t, 3>;

/// What a latent cell is in the video.
struct CellScale {
  std::int64_t frames = 8;
  std::int64_t pixels = 32;
  /// The first latent frame is one frame, so that later ones begin at frame 1, 9, ... (LTXConditionPipeline);
  /// else at 8, 16, ...
  bool first_is_single = false;
  double fps = 25;

  bool operator==(const CellScale&) const = default;
};

/// exp(i * angle) of each token and channel pair, complex64 [L, heads, dim / heads / 2]; L = frames * rows *
/// columns, columns fastest. Positions are fractions of 20 seconds and of 2048 pixels. The frequencies rise
/// from 1 to 10000 over the width, each for all three axes side by side; pairs that are left over come first
/// and are not rotated. In fp32 and in the order of diffusers' operations: at the highest frequency a
/// difference in rounding would be an angle of 1e-3.
at::Tensor rotary_table(const Grid& grid, const CellScale& scale, std::int64_t dim, std::int64_t heads);

/// Tables of the last few grids, on the device: a denoising loop computes its table once.
class RotaryTables {
 public:
  RotaryTables(std::int64_t dim, std::int64_t heads) : dim_(dim), heads_(heads) {}
  const at::Tensor& get(const Grid& grid, const CellScale& scale, at::Device device);

 private:
  struct Entry {
    Grid grid;
    CellScale scale;
    at::Device device;
    at::Tensor table;
  };
  std::int64_t dim_, heads_;
  std::list<Entry> recent_;  // latest first
};

/// Rotates the pairs (2j, 2j + 1) of x [B, L, heads, d], in fp32; the result has x's type.
at::Tensor apply_rotary(const at::Tensor& x, const at::Tensor& table);

}  // namespace sora::ltx
