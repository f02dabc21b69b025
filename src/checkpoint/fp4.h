// nvfp4 weights in safetensors files: two numbers of four bits a byte, a scale of F8_E4M3 for every 16 of a
// row, and one of F32 for all.
//
// ComfyUI's files have a mark beside the weight (`layer.comfy_quant`), the first number of a byte in its
// upper half, and the scales in the order of cuBLAS (tiles of 128 rows and 4 columns, "block scaling factors
// layout"). NVIDIA ModelOpt's have no mark, the first number in the lower half, and the scales as a matrix.
#pragma once

#include <string>

#include "checkpoint/scale_grid.h"

namespace sora {

constexpr std::int64_t kFp4Group = 16;  ///< numbers of a row that share a scale

/// The scales of a weight whose `weight` says its true shape [rows, columns]: those in tensor `name` of
/// `scales` times the number in tensor `of_all` of `factor`. Throws Error (data).
ScaleGrid read_fp4_scales(const WeightFile& scales, const std::string& name, const WeightFile& factor,
                          const std::string& of_all, const TensorInfo& weight, bool in_tiles);

}  // namespace sora
