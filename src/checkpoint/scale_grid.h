// Scales of quantised weights: files of fp8 and int8 have a tensor `layer.scale_weight` (ComfyUI) or
// `layer.weight_scale` (others) by which the weights of the layer are multiplied.
#pragma once

#include <cstdint>
#include <vector>

#include "checkpoint/weight_file.h"

namespace sora {

/// Numbers for equal parts of a matrix: one for all of it, for each row, or for each block of a row or of
/// several.
struct ScaleGrid {
  std::int64_t rows = 1, columns = 1;  ///< of parts; each divides the matrix's
  std::vector<float> values = {1};     ///< [rows, columns], finite and above 0

  bool is_one() const { return values.size() == 1 && values[0] == 1; }
};

/// The grid in tensor `name`, [], [1], [rows], [rows, 1], [rows, columns] or [rows, columns, 1] of F32, F16
/// or BF16, for the tensor `weight`. Throws Error (data).
ScaleGrid read_scale_grid(const WeightFile& file, const std::string& name, const TensorInfo& weight);

}  // namespace sora
