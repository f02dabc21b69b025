#include "checkpoint/tensor_info.h"

#include <algorithm>
#include <array>

namespace sora {
namespace {

struct Row {
  DType dtype;
  const char* name;
  Block block;
};

constexpr std::array kRows{
    Row{DType::f64, "F64", {1, 8}},
    Row{DType::f32, "F32", {1, 4}},
    Row{DType::f16, "F16", {1, 2}},
    Row{DType::bf16, "BF16", {1, 2}},
    Row{DType::f8_e4m3, "F8_E4M3", {1, 1}},
    Row{DType::f8_e5m2, "F8_E5M2", {1, 1}},
    Row{DType::i64, "I64", {1, 8}},
    Row{DType::i32, "I32", {1, 4}},
    Row{DType::i16, "I16", {1, 2}},
    Row{DType::i8, "I8", {1, 1}},
    Row{DType::u64, "U64", {1, 8}},
    Row{DType::u32, "U32", {1, 4}},
    Row{DType::u16, "U16", {1, 2}},
    Row{DType::u8, "U8", {1, 1}},
    Row{DType::boolean, "BOOL", {1, 1}},
    Row{DType::q8_0, "Q8_0", {32, 34}},
    Row{DType::q6_k, "Q6_K", {256, 210}},
    Row{DType::q5_0, "Q5_0", {32, 22}},
    Row{DType::q5_1, "Q5_1", {32, 24}},
    Row{DType::q5_k, "Q5_K", {256, 176}},
    Row{DType::q4_0, "Q4_0", {32, 18}},
    Row{DType::q4_1, "Q4_1", {32, 20}},
    Row{DType::q4_k, "Q4_K", {256, 144}},
    Row{DType::q3_k, "Q3_K", {256, 110}},
    Row{DType::q2_k, "Q2_K", {256, 84}},
    Row{DType::iq4_nl, "IQ4_NL", {32, 18}},
    Row{DType::iq4_xs, "IQ4_XS", {256, 136}},
    Row{DType::mxfp4, "MXFP4", {32, 17}},
    Row{DType::nvfp4, "NVFP4", {64, 36}},
    Row{DType::tq1_0, "TQ1_0", {256, 54}},
    Row{DType::tq2_0, "TQ2_0", {256, 66}},
    Row{DType::iq2_xxs, "IQ2_XXS", {256, 66}},
    Row{DType::iq2_xs, "IQ2_XS", {256, 74}},
    Row{DType::iq2_s, "IQ2_S", {256, 82}},
    Row{DType::iq3_xxs, "IQ3_XXS", {256, 98}},
    Row{DType::iq3_s, "IQ3_S", {256, 110}},
    Row{DType::fp4_high_first, "FP4", {16, 8}},
    Row{DType::fp4_low_first, "FP4, low half first", {16, 8}},
    Row{DType::f8_e8m0, "F8_E8M0", {1, 1}},
    Row{DType::other, "?", {0, 0}},
};

const Row& row_of(DType dtype) {
  return *std::find_if(kRows.begin(), kRows.end() - 1, [&](const Row& row) { return row.dtype == dtype; });
}

}  // namespace

Block dtype_block(DType dtype) { return row_of(dtype).block; }
const char* dtype_name(DType dtype) { return row_of(dtype).name; }
bool is_quantised(DType dtype) { return dtype_block(dtype).elements > 1; }

std::uint64_t TensorInfo::elements() const {
  std::uint64_t count = 1;
  for (const std::int64_t dim : shape) count *= static_cast<std::uint64_t>(dim);
  return count;
}

bool has_shape(const TensorInfo& tensor, const std::vector<std::int64_t>& shape) {
  if (tensor.shape == shape) return true;
  if (!tensor.loose_shape || tensor.shape.empty() || shape.empty()) return false;
  TensorInfo wanted;
  wanted.shape = shape;
  return tensor.shape.back() == shape.back() && tensor.elements() == wanted.elements();
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace sora
