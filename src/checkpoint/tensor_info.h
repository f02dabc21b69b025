// Element type, shape and place of a tensor in a weight file of any format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sora {

/// The types of safetensors, and the block-quantised ones of GGUF.
enum class DType {
  f64,
  f32,
  f16,
  bf16,
  f8_e4m3,
  f8_e5m2,
  i64,
  i32,
  i16,
  i8,
  u64,
  u32,
  u16,
  u8,
  boolean,
  q8_0,
  q6_k,
  q5_0,
  q5_1,
  q5_k,
  q4_0,
  q4_1,
  q4_k,
  q3_k,
  q2_k,
  iq4_nl,
  iq4_xs,
  mxfp4,
  nvfp4,
  tq1_0,
  tq2_0,
  iq2_xxs,
  iq2_xs,
  iq2_s,
  iq3_xxs,
  iq3_s,
  fp4_high_first,  ///< nvfp4 in safetensors (block_scales.h), whose scales are beside it
  fp4_low_first,
  f8_e8m0,  ///< powers of two, for scales (block_scales.h)
  other
};

/// A block of a type: `elements` neighbours in the last dimension take `bytes` bytes. A plain type has blocks
/// of one element; a type that is not supported has (0, 0).
struct Block {
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;
};

Block dtype_block(DType dtype);
const char* dtype_name(DType dtype);  ///< its name in the format; "?" for `other`
bool is_quantised(DType dtype);       ///< has blocks of more than one element

struct TensorInfo {
  DType dtype = DType::other;
  std::vector<std::int64_t> shape;  ///< slowest dimension first; empty for a scalar
  std::uint64_t begin = 0;          ///< absolute byte range in the file
  std::uint64_t end = 0;
  /// The shape may differ from the original one (GGUF): leading dimensions of size 1 may be missing, and
  /// leading dimensions may be merged into one.
  bool loose_shape = false;

  std::uint64_t elements() const;
};

/// Whether a tensor has the shape `shape`, or may have had it before it was stored (loose_shape).
bool has_shape(const TensorInfo& tensor, const std::vector<std::int64_t>& shape);

std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace sora
