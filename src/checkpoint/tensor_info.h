// What a weight file says of a tensor: its element type, shape and place, whatever the file's format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sora {

/// Plain types as safetensors names them, and the block-quantised ones of GGUF.
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
  other
};

/// How elements lie in a file: `elements` of them, neighbours in the last dimension, in `bytes` bytes.
/// A plain type has blocks of one element; what is not read has none (0, 0).
struct Block {
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;
};

Block dtype_block(DType dtype);
const char* dtype_name(DType dtype);  ///< as its format writes it; "?" for `other`
bool is_quantised(DType dtype);       ///< in blocks of more than one element

struct TensorInfo {
  DType dtype = DType::other;
  std::vector<std::int64_t> shape;  ///< slowest dimension first; empty for a scalar
  std::uint64_t begin = 0;          ///< absolute byte range in the file
  std::uint64_t end = 0;
  /// The file cannot, or need not, hold the shape as it was: leading ones may be missing, and leading
  /// dimensions may be joined (GGUF).
  bool loose_shape = false;

  std::uint64_t elements() const;
};

/// Whether a tensor of the file can be taken as one of `shape`.
bool has_shape(const TensorInfo& tensor, const std::vector<std::int64_t>& shape);

std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace sora
