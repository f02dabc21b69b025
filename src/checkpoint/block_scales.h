// Scales for short groups of the numbers of a row, in safetensors files:
// nvfp4, two numbers of four bits a byte, a scale of F8_E4M3 for every 16, and one of F32 for all;
// mxfp8, numbers of F8_E4M3, and for every 32 a power of two, the exponent plus 127 in a byte (E8M0).
//
// ComfyUI's files have a mark beside the weight (`layer.comfy_quant`), the scales in the order of cuBLAS
// (tiles of 128 rows and 4 columns, "block scaling factors layout") and, in nvfp4, the first number of a byte
// in its upper half. NVIDIA ModelOpt's have no mark, the scales as a matrix, and the first number in the
// lower half.
#pragma once

#include <string>

#include "checkpoint/scale_grid.h"

namespace sora {

constexpr std::int64_t kFp4Group = 16;  ///< numbers of a row that share a scale

/// The scales of an nvfp4 weight whose `weight` says its true shape [rows, columns]: those in tensor `name` of
/// `scales` times the number in tensor `of_all` of `factor`. Throws Error (data).
ScaleGrid read_fp4_scales(const WeightFile& scales, const std::string& name, const WeightFile& factor,
                          const std::string& of_all, const TensorInfo& weight, bool in_tiles);

/// Whether the tensor holds the scales of an mxfp8 weight: bytes, beside numbers of F8_E4M3.
bool are_mxfp8_scales(const TensorInfo& scales, const TensorInfo& weight);

/// The scales of the mxfp8 weight [rows, columns] in tensor `name` of the file. Throws Error (data).
ScaleGrid read_mxfp8_scales(const WeightFile& file, const std::string& name, const TensorInfo& weight,
                            bool in_tiles);

}  // namespace sora
