#include "models/ltx/networks/rotary.h"

#include <algorithm>
#include <numbers>

namespace sora::ltx {
namespace {

constexpr double kTheta = 10000;
constexpr std::array<double, 3> kWhole{20, 2048, 2048};  // the position of 1 along each axis
constexpr std::size_t kCached = 4;  // windows of a long video alternate between few sizes

/// Seconds of the latent frames, in the order of the pipelines' operations.
at::Tensor times(std::int64_t frames, const CellScale& scale) {
  const at::Tensor number = at::arange(frames, at::kFloat);
  const auto each = static_cast<double>(scale.frames);
  return scale.first_is_single ? number.mul(each).add(1 - each).clamp_min(0).mul(1 / scale.fps)
                               : number.mul(each / scale.fps);
}

}  // namespace

at::Tensor rotary_table(const Grid& grid, const CellScale& scale, std::int64_t dim, std::int64_t heads) {
  std::array<at::Tensor, 3> axes;
  for (std::size_t i = 0; i < 3; ++i) {
    std::array<std::int64_t, 3> shape{1, 1, 1};
    shape[i] = grid[i];
    const at::Tensor place = i == 0 ? times(grid[0], scale)
                                    : at::arange(grid[i], at::kFloat).mul(static_cast<double>(scale.pixels));
    axes[i] = place.div(kWhole[i]).view(shape).expand(grid);
  }
  const at::Tensor position = at::stack({axes[0], axes[1], axes[2]}, -1).flatten(0, 2);  // [L, 3]
  const at::Tensor frequency =
      at::pow(kTheta, at::linspace(0, 1, dim / 6, at::kFloat)).mul(std::numbers::pi).div(2);  // [dim / 6]
  const at::Tensor angle =
      (frequency * (position.unsqueeze(-1) * 2 - 1)).transpose(1, 2).flatten(1);  // [L, 3 * (dim / 6)]
  at::Tensor table = at::complex(angle.cos(), angle.sin());
  const std::int64_t still = dim / 2 - table.size(1);
  if (still > 0) table = at::cat({at::ones({table.size(0), still}, table.options()), table}, 1);
  return table.view({table.size(0), heads, -1});  // [L, heads, dim / heads / 2]
}

const at::Tensor& RotaryTables::get(const Grid& grid, const CellScale& scale, at::Device device) {
  const auto found = std::find_if(recent_.begin(), recent_.end(), [&](const Entry& entry) {
    return entry.grid == grid && entry.scale == scale && entry.device == device;
  });
  if (found != recent_.end()) {
    recent_.splice(recent_.begin(), recent_, found);
    return recent_.front().table;
  }
  const at::Tensor table = rotary_table(grid, scale, dim_, heads_);
  recent_.push_front({grid, scale, device, table.to(device, at::kComplexFloat, /*non_blocking=*/true)});
  if (recent_.size() > kCached) recent_.pop_back();
  return recent_.front().table;
}

at::Tensor apply_rotary(const at::Tensor& x, const at::Tensor& table) {
  const at::Tensor pairs =
      at::view_as_complex(x.to(at::kFloat).unflatten(-1, {-1, 2}));        // [B, L, heads, d / 2]
  return at::view_as_real(pairs * table).flatten(-2).to(x.scalar_type());  // [B, L, heads, d]
}

}  // namespace sora::ltx
