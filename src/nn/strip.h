// A picture in strips: its rows are divided among several ranks, which decode it together.
//
// Note [Strips]: each rank has some consecutive rows of every layer's activations, and computes these alone.
// A 3x3 convolution needs one more row above and below: the neighbours' last and first row, their borders,
// which are exchanged before it; at the edges of the picture the borders are zeros, which is the padding that
// the convolution has there. Where space is doubled, one border row of the small picture is enough. Attention
// within a frame has the queries of the own rows, and the keys and values of all. Norms, products of pixels
// and convolutions in time need no other rows, so the history of a stream is that of the own rows, with their
// borders. The numbers are those of one rank but for the last bits: Winograd's tiles begin at other rows.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace sora::nn {

/// The strip of this rank. All ranks call the same methods in the same order.
class Strip {
 public:
  virtual ~Strip() = default;
  /// x [T, h, W, C] -> [T, h + 2, W, C]: a row of the neighbours above and below, or of zeros.
  virtual at::Tensor with_borders(const at::Tensor& x) const = 0;
  /// x [T, h, W, C] -> [T, H, W, C]: the rows of all strips.
  virtual at::Tensor all_rows(const at::Tensor& x) const = 0;
  /// Elements of the tallest strip's tensor where this one's has `own`: what all ranks decide alike by.
  virtual std::int64_t most_elements(std::int64_t own) const = 0;
};

}  // namespace sora::nn
