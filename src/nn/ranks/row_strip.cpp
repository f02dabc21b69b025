#include "nn/ranks/row_strip.h"

#include <string>
#include <utility>

namespace sora::nn {

RowStrip::RowStrip(RankGroup group, std::int64_t rows)
    : group_(std::move(group)), counts_(shares_of(rows, group_.size())) {
  if (rows < group_.size()) {
    throw Error(ErrorKind::internal, "ranks",
                "a picture of " + std::to_string(rows) + " rows is divided among " +
                    std::to_string(group_.size()) + " ranks");
  }
  for (int i = 0; i < group_.index; ++i) first_ += counts_[static_cast<std::size_t>(i)];
}

at::Tensor RowStrip::with_borders(const at::Tensor& x) const {
  const std::int64_t frames = x.size(0), rows = x.size(1);
  const auto row = [&] { return at::empty({frames, 1, x.size(2), x.size(3)}, x.options()); };
  const bool has_above = group_.index > 0, has_below = group_.index + 1 < group_.size();
  const at::Tensor above = row(), below = row();
  std::vector<Transfer> transfers;
  const auto member = [&](int offset) {
    return group_.members[static_cast<std::size_t>(group_.index + offset)];
  };
  if (has_above) transfers.push_back({member(-1), x.narrow(1, 0, 1).contiguous(), above});
  if (has_below) transfers.push_back({member(1), x.narrow(1, rows - 1, 1).contiguous(), below});
  if (!transfers.empty()) group_.communicator->exchange(transfers);
  if (!has_above) above.zero_();
  if (!has_below) below.zero_();
  return at::cat({above, x, below}, 1);
}

at::Tensor RowStrip::all_rows(const at::Tensor& x) const {
  std::vector<std::vector<std::int64_t>> shapes;
  for (const std::int64_t count : counts_)
    shapes.push_back({x.size(0), x.size(1) / rows() * count, x.size(2), x.size(3)});
  return at::cat(all_gather(group_, x.contiguous(), shapes), 1);
}

}  // namespace sora::nn
