// Tiles over a picture, as in Open-Sora's copy of HunyuanVideo's autoencoder.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>

namespace sora::hunyuan {

struct TileLayout {
  std::int64_t size = 0;    ///< of a tile, in cells of the input
  std::int64_t stride = 0;  ///< from one tile to the next
  std::int64_t blend = 0;   ///< cells of the output over which neighbours are blended
  std::int64_t kept = 0;    ///< cells of the output that a tile contributes, at most
};

/// work(tile) of each tile of x [T, H, W, C], blended with the tiles above and to the left and put together.
/// A tile at the right or lower edge may be small.
at::Tensor in_tiles(const at::Tensor& x, const TileLayout& layout,
                    const std::function<at::Tensor(const at::Tensor&)>& work);

}  // namespace sora::hunyuan
