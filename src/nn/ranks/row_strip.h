// The strip of a picture that one rank of a group has (Note [Strips] in nn/strip.h).
#pragma once

#include <cstdint>
#include <vector>

#include "nn/ranks/collectives.h"
#include "nn/strip.h"

namespace sora::nn {

class RowStrip final : public Strip {
 public:
  /// Of a picture of `rows` rows, at least one for each rank; activations have a multiple of them.
  RowStrip(RankGroup group, std::int64_t rows);

  std::int64_t first() const { return first_; }  ///< of the picture's rows, this rank's first one
  std::int64_t rows() const { return counts_[static_cast<std::size_t>(group_.index)]; }

  at::Tensor with_borders(const at::Tensor& x) const override;
  at::Tensor all_rows(const at::Tensor& x) const override;
  std::int64_t most_elements(std::int64_t own) const override { return own / rows() * counts_.front(); }

 private:
  RankGroup group_;
  std::vector<std::int64_t> counts_;  // rows of each member; the first one has the most
  std::int64_t first_ = 0;
};

}  // namespace sora::nn
