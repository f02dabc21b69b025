#include "models/wan/networks/rotary.h"

#include <string>

#include "sora/error.h"

namespace sora::wan {
namespace {

constexpr double theta = 10000;
// Windows of a long video alternate between few sizes.
constexpr std::size_t cached_tables = 4;

/// exp(i * position / theta^(2j / dim)) for `length` positions from `first` on, complex64 [length, dim / 2].
/// Angles in fp64, as diffusers.
at::Tensor axis_table(std::int64_t length, std::int64_t dim, std::int64_t first = 0) {
  const auto wide = at::TensorOptions(at::kDouble);
  const at::Tensor exponent = at::arange(0, dim, 2, wide).div_(static_cast<double>(dim));  // [dim / 2]
  const at::Tensor frequency = at::pow(theta, exponent).reciprocal_();
  const at::Tensor angle =
      at::outer(at::arange(first, first + length, wide), frequency);  // [length, dim / 2]
  return at::complex(angle.cos().to(at::kFloat), angle.sin().to(at::kFloat));
}

}  // namespace

const at::Tensor& RotaryEmbedding::table(const Grid& grid, at::Device device, std::int64_t first) {
  for (auto it = recent_.begin(); it != recent_.end(); ++it) {
    if (it->grid == grid && it->first == first && it->device == device) {
      recent_.splice(recent_.begin(), recent_, it);
      return recent_.front().table;
    }
  }
  for (const std::int64_t length : grid) {
    if (length > max_positions_) {
      throw Error(ErrorKind::data, "transformer",
                  "a token grid of " + std::to_string(grid[0]) + "x" + std::to_string(grid[1]) + "x" +
                      std::to_string(grid[2]) + " exceeds the model's position table of " +
                      std::to_string(max_positions_) + " on each axis; ask for a smaller or shorter video");
    }
  }

  const auto [frames, rows, columns] = grid;
  const std::int64_t space = 2 * (head_dim_ / 6);  // channels of rows, and of columns
  const std::int64_t time = head_dim_ - 2 * space;
  const at::Tensor table =
      at::cat(
          {axis_table(frames, time, first).view({frames, 1, 1, time / 2}).expand({frames, rows, columns, -1}),
           axis_table(rows, space).view({1, rows, 1, space / 2}).expand({frames, rows, columns, -1}),
           axis_table(columns, space).view({1, 1, columns, space / 2}).expand({frames, rows, columns, -1})},
          -1)                             // [T, H, W, head_dim / 2]
          .view({-1, 1, head_dim_ / 2});  // [L, 1, head_dim / 2]
  recent_.push_front({grid, first, device, table.to(device, at::kComplexFloat, /*non_blocking=*/true)});
  if (recent_.size() > cached_tables) recent_.pop_back();
  return recent_.front().table;
}

at::Tensor apply_rotary(const at::Tensor& x, const at::Tensor& table) {
  const at::Tensor pairs =
      at::view_as_complex(x.to(at::kFloat).unflatten(-1, {-1, 2}));        // [B, L, heads, d / 2]
  return at::view_as_real(pairs * table).flatten(-2).to(x.scalar_type());  // [B, L, heads, d]
}

}  // namespace sora::wan
