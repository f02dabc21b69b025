#include "models/opensora/networks/rotary.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sora::opensora {

RotaryTable rotary_table(const Grid& grid, std::int64_t text, const TransformerConfig& config) {
  const auto axes = config.axes_dim();
  std::vector<at::Tensor> angles;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::int64_t pairs = axes[axis] / 2;
    // In double precision, as the reference for interleaved pairs computes them.
    const at::Tensor exponents = at::arange(pairs, at::kDouble) * 2 / static_cast<double>(axes[axis]);
    const at::Tensor frequencies = at::pow(TransformerConfig::theta, exponents).reciprocal();  // [pairs]
    std::vector<std::int64_t> shape{1, 1, 1, 1};
    shape[axis] = grid[axis];
    const at::Tensor positions = at::arange(grid[axis], at::kDouble).view(shape);
    angles.push_back((positions * frequencies).expand({grid[0], grid[1], grid[2], pairs}).flatten(0, 2));
  }
  const at::Tensor image = at::cat(angles, 1);  // [L, d / 2]
  const at::Tensor all =
      at::cat({at::zeros({text, image.size(1)}, at::kDouble), image});  // [text + L, d / 2]
  return {all.cos().to(at::kFloat), all.sin().to(at::kFloat)};
}

const RotaryTable& RotaryTables::get(const Grid& grid, std::int64_t text, const TransformerConfig& config,
                                     at::Device device) {
  constexpr std::size_t kept = 4;
  const auto found = std::find_if(recent_.begin(), recent_.end(), [&](const Entry& entry) {
    return entry.grid == grid && entry.text == text && entry.device == device;
  });
  if (found != recent_.end()) {
    recent_.splice(recent_.begin(), recent_, found);
    return recent_.front().table;
  }
  RotaryTable table = rotary_table(grid, text, config);
  table = {table.cos.to(device), table.sin.to(device)};
  recent_.push_front({grid, text, device, std::move(table)});
  if (recent_.size() > kept) recent_.pop_back();
  return recent_.front().table;
}

at::Tensor apply_rotary(const at::Tensor& x, const RotaryTable& table, bool halves) {
  const std::int64_t half = x.size(-1) / 2;
  const at::Tensor pairs = halves ? x.to(at::kFloat).unflatten(-1, {2, half}).transpose(-1, -2)
                                  : x.to(at::kFloat).unflatten(-1, {half, 2});  // [B, heads, N, d / 2, 2]
  const at::Tensor a = pairs.select(-1, 0), b = pairs.select(-1, 1);
  const at::Tensor first = a * table.cos - b * table.sin, second = b * table.cos + a * table.sin;
  const at::Tensor rotated =
      halves ? at::cat({first, second}, -1) : at::stack({first, second}, -1).flatten(-2);
  return rotated.to(x.scalar_type());
}

}  // namespace sora::opensora
