// Matrices that lie in memory, or in their file, as they are stored, and are widened each time they are used.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace sora {

class WeightEdit;
class WeightStream;

/// One room for the widened matrices of a network, of which one is in use at a time.
class Scratch {
 public:
  /// Uninitialised; the next call may give the same memory once this tensor is gone.
  at::Tensor take(at::IntArrayRef shape, const at::TensorOptions& options);

 private:
  at::Tensor room_;  // [n]
};

/// One tensor of a file, which is some rows of a matrix.
struct StoredPart {
  std::string name;
  TensorInfo info;
  std::int64_t rows = 0;
  float scale = 1;
  at::Tensor stored;  ///< tensor_reader.h, on the device; undefined: it comes through the stream
};

struct StoredWeight {
  std::vector<StoredPart> parts;  ///< one below the other
  std::int64_t columns = 0;
  at::TensorOptions widened_options;       ///< device and type that it is computed in
  std::shared_ptr<const WeightEdit> edit;  ///< may be null
  std::shared_ptr<Scratch> scratch;
  std::shared_ptr<WeightStream> stream;  ///< null: the parts lie in memory
  std::size_t index = 0;                 ///< in the stream

  /// [rows, columns], with the numbers that it would have if it were widened when it is loaded. To be let go
  /// before another matrix of the network is widened, or that one costs memory of its own.
  /// Throws Error: io, data (the file was changed meanwhile).
  at::Tensor widened() const;

  /// Whether the parts are bf16 as they are stored, with nothing to be done to them but widening, for an fp32
  /// computation on the CPU, and in rows that come by the eight.
  bool is_plain_bf16() const;
  /// Those parts, each [rows, columns].
  /// Throws Error: io, data (the file was changed meanwhile).
  std::vector<at::Tensor> plain() const;

 private:
  std::vector<at::Tensor> stored() const;
};

/// A matrix as a layer keeps it: one of the two is there.
struct Matrix {
  at::Tensor tensor;
  std::shared_ptr<const StoredWeight> stored;

  at::Tensor operator()() const { return stored ? stored->widened() : tensor; }
};

/// Rows of a table: of a tensor, or from the file as they are asked for.
struct RowTable {
  at::Tensor tensor;  ///< undefined: in the file
  std::shared_ptr<const Checkpoint> checkpoint;
  std::string name;
  std::int64_t columns = 0;
  float scale = 1;

  /// ids [..] (int64) -> [.., columns], fp32 on the ids' device if it comes from the file.
  at::Tensor operator()(const at::Tensor& ids) const;
};

}  // namespace sora
