#include "models/hunyuan/networks/tiles.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sora::hunyuan {
namespace {

/// Blends the end of `before` into the beginning of `tile`, in place; axis 1: rows, 2: columns.
void blend(const at::Tensor& before, at::Tensor& tile, std::int64_t axis, std::int64_t most) {
  const std::int64_t extent = std::min({before.size(axis), tile.size(axis), most});
  std::vector<std::int64_t> shape(4, 1);
  shape[static_cast<std::size_t>(axis)] = extent;
  const at::Tensor share = (at::arange(extent, at::kFloat) / static_cast<double>(extent)).to(tile.device());
  const at::Tensor weight = share.view(shape);
  at::Tensor there = tile.narrow(axis, 0, extent);
  there.copy_(before.narrow(axis, before.size(axis) - extent, extent) * (1 - weight) + there * weight);
}

}  // namespace

at::Tensor in_tiles(const at::Tensor& x, const TileLayout& layout,
                    const std::function<at::Tensor(const at::Tensor&)>& work) {
  if (x.size(1) <= layout.size && x.size(2) <= layout.size) return work(x);
  std::vector<at::Tensor> above, rows;
  for (std::int64_t top = 0; top < x.size(1); top += layout.stride) {
    const at::Tensor band = x.narrow(1, top, std::min(layout.size, x.size(1) - top));
    std::vector<at::Tensor> row, parts;
    for (std::int64_t left = 0; left < x.size(2); left += layout.stride) {
      at::Tensor tile = work(band.narrow(2, left, std::min(layout.size, x.size(2) - left)).contiguous());
      if (!above.empty()) blend(above[row.size()], tile, 1, layout.blend);
      if (!row.empty()) blend(row.back(), tile, 2, layout.blend);
      row.push_back(tile);
      parts.push_back(tile.narrow(1, 0, std::min(layout.kept, tile.size(1)))
                          .narrow(2, 0, std::min(layout.kept, tile.size(2))));
    }
    rows.push_back(at::cat(parts, 2));
    above = std::move(row);
  }
  return at::cat(rows, 1);
}

}  // namespace sora::hunyuan
