// Stored weights: matrices that stay in memory or in their file in the type of the file (bf16, fp8, quantised
// blocks), and are widened (dequantised) to the type of the computation each time they are used.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace sora {

class WeightEdit;
class WeightSupply;

/// Scratch memory for the widened matrices of a network, of which one is in use at a time.
class Scratch {
 public:
  /// An uninitialised tensor. Once the caller has released it, the next call may return the same memory.
  at::Tensor take(at::IntArrayRef shape, const at::TensorOptions& options);

 private:
  at::Tensor memory_;  // [n]
};

/// One tensor of a file: some rows of a matrix.
struct StoredPart {
  std::string name;
  TensorInfo info;
  std::int64_t rows = 0;
  std::shared_ptr<const ScaleGrid> scale;  ///< null: 1
  at::Tensor stored;  ///< as read_stored() gives it, on the device; undefined: it is supplied when it is used
};

struct StoredWeight {
  std::vector<StoredPart> parts;  ///< from the first rows to the last
  std::int64_t columns = 0;
  at::TensorOptions widened_options;       ///< device and type of the computation
  std::shared_ptr<const WeightEdit> edit;  ///< may be null
  std::shared_ptr<Scratch> scratch;
  std::shared_ptr<WeightSupply> supply;  ///< null: the parts lie in memory
  std::size_t index = 0;                 ///< in the supply

  /// [rows, columns], equal to the matrix that loading would have widened. Release it before another matrix
  /// of the network is widened: until then that one needs memory of its own. Throws Error: io, data (the file
  /// was changed meanwhile).
  at::Tensor widened() const;

  /// Whether plain() can be used: all parts are bf16 without scale or LoRA, each has a multiple of eight
  /// rows, and the computation is in fp32 on the CPU.
  bool is_plain_bf16() const;
  /// Whether plain() can be multiplied as fp8 on a device that does so: all parts are fp8 (E4M3) with a scale
  /// and without a LoRA, their sides are multiples of 16, and the computation is in bf16.
  bool is_scaled_fp8() const;
  /// The parts as they are stored, each [rows, columns], bf16 or fp8.
  /// Throws Error: io, data (the file was changed meanwhile).
  std::vector<at::Tensor> plain() const;

 private:
  std::vector<at::Tensor> stored() const;
};

/// A layer's matrix: either widened (`tensor`) or stored.
struct Matrix {
  at::Tensor tensor;
  std::shared_ptr<const StoredWeight> stored;

  at::Tensor operator()() const { return stored ? stored->widened() : tensor; }
};

/// A table whose rows are looked up: in a tensor, or in the file, which is read at each look-up.
struct RowTable {
  at::Tensor tensor;  ///< undefined: the rows are read from the file
  std::shared_ptr<const Checkpoint> checkpoint;
  std::string name;
  std::int64_t columns = 0;
  float scale = 1;

  /// ids [..] (int64) -> [.., columns], fp32 on the ids' device if it comes from the file.
  at::Tensor operator()(const at::Tensor& ids) const;
};

}  // namespace sora
