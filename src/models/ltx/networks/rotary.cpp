#include "models/ltx/networks/rotary.h"

#include <algorithm>
#include <numbers>

namespace sora::ltx {
namespace {

constexpr double kTheta = 10000;
constexpr std::array<double, 3> kWhole{20, 2048, 2048};  // the position of 1 along each axis
constexpr std::size_t kCached = 4;  // windows of a long video alternate between few sizes

}  // namespace

at::Tensor rotary_table(const Grid& grid, const Steps& steps, std::int64_t dim, std::int64_t heads) {
  std::array<at::Tensor, 3> axes;
  for (std::size_t i = 0; i < 3; ++i) {
    std::array<std::int64_t, 3> shape{1, 1, 1};
    shape[i] = grid[i];
    axes[i] = at::arange(grid[i], at::kFloat).mul(steps[i]).div(kWhole[i]).view(shape).expand(grid);
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

const at::Tensor& RotaryTables::get(const Grid& grid, const Steps& steps, at::Device device) {
  const auto found = std::find_if(recent_.begin(), recent_.end(), [&](const Entry& entry) {
    return entry.grid == grid && entry.steps == steps && entry.device == device;
  });
  if (found != recent_.end()) {
    recent_.splice(recent_.begin(), recent_, found);
    return recent_.front().table;
  }
  const at::Tensor table = rotary_table(grid, steps, dim_, heads_);
  recent_.push_front({grid, steps, device, table.to(device, at::kComplexFloat, /*non_blocking=*/true)});
  if (recent_.size() > kCached) recent_.pop_back();
  return recent_.front().table;
}

at::Tensor apply_rotary(const at::Tensor& x, const at::Tensor& table) {
  const at::Tensor pairs =
      at::view_as_complex(x.to(at::kFloat).unflatten(-1, {-1, 2}));        // [B, L, heads, d / 2]
  return at::view_as_real(pairs * table).flatten(-2).to(x.scalar_type());  // [B, L, heads, d]
}

}  // namespace sora::ltx
