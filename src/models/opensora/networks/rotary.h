// Rotary position embedding by latent frame, row and column.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <list>

#include "models/opensora/transformer_config.h"

namespace sora::opensora {

/// Token grid: latent frames, rows, columns.
using Grid = std::array<std::int64_t, 3>;

struct RotaryTable {
  at::Tensor cos, sin;  ///< [text + L, head_dim / 2], fp32; the text's tokens are not rotated
};

RotaryTable rotary_table(const Grid& grid, std::int64_t text, const TransformerConfig& config);

/// Tables of the last few grids, on the device: a denoising loop computes its table once.
class RotaryTables {
 public:
  const RotaryTable& get(const Grid& grid, std::int64_t text, const TransformerConfig& config,
                         at::Device device);

 private:
  struct Entry {
    Grid grid;
    std::int64_t text;
    at::Device device;
    RotaryTable table;
  };
  std::list<Entry> recent_;  // latest first
};

/// x [B, heads, N, d], rotated in fp32; the result has x's type. The pairs are (2j, 2j + 1), or with `halves`
/// (j, j + d / 2).
at::Tensor apply_rotary(const at::Tensor& x, const RotaryTable& table, bool halves);

}  // namespace sora::opensora
