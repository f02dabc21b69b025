// Dequantisation of GGUF's block-quantised weights to fp32, bit for bit like ggml's reference (the gguf
// Python package).
//
// Layouts: https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h. A block of 32 (Qn_0, Qn_1) has a
// scale d, with _1 a minimum m; a super-block of 256 (Qn_K) has scales of its parts, themselves quantised.
#pragma once

#include <cstdint>

#include "checkpoint/tensor_info.h"

namespace sora {

/// Dequantises `blocks` blocks of a quantised `dtype` from `in` to `out`: dtype_block(dtype).elements values
/// for each block.
void dequantise(DType dtype, const std::uint8_t* in, std::uint64_t blocks, float* out);

}  // namespace sora
