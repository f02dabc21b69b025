// Reads tensors of a checkpoint straight into their final memory: several threads, a piece at a time, so that
// memory never has the stored bytes, or a second copy, beside the result.
#pragma once

#include <ATen/ATen.h>

#include <string>

#include "checkpoint/checkpoint.h"

namespace sora {

/// The type that a file's floating-point type is read as; fp32 for block-quantised ones. Throws Error (data)
/// for other types.
at::ScalarType scalar_type(DType dtype, const std::string& name);

/// An uninitialised tensor on the CPU for what the file stores: of that type and shape; for block-quantised
/// types the bytes, [n] uint8. From `pinned` memory a GPU copies without waiting for the host.
at::Tensor empty_stored(const TensorInfo& info, at::IntArrayRef shape, const std::string& name,
                        bool pinned = false);

/// The bytes [n] of what the file stores as such a tensor: always a view, whose life shows in the storage's
/// count of uses.
at::Tensor stored_view(const TensorInfo& info, at::IntArrayRef shape, const std::string& name,
                       const at::Tensor& bytes);

/// Reads the tensor, as it is stored, into `stored`. Throws Error: io, data.
void read_stored(const Checkpoint& checkpoint, const std::string& name, at::Tensor& stored);
/// The same for the part of it that begins at byte `first` and fills `part`.
void read_stored(const Checkpoint& checkpoint, const std::string& name, std::uint64_t first,
                 at::Tensor& part);

/// Widens (dequantises) `stored` to `out`: fp32, contiguous, on the CPU. Scales are not applied.
void widen(const TensorInfo& info, const at::Tensor& stored, at::Tensor& out);

/// read_stored() and widen() in one. Throws Error: io, data.
void read_widened(const Checkpoint& checkpoint, const std::string& name, at::Tensor& out);

/// Multiplies a tensor, whose first side has the rows of the grid's matrix, by the scales. Null: does
/// nothing.
void apply_scales(const ScaleGrid* scales, at::Tensor& wide);

/// Rows of a matrix as fp32, [ids, columns] on the CPU, read from the file; scales are not applied.
/// Every id is a row of the matrix. Throws Error: io, data.
at::Tensor read_rows(const Checkpoint& checkpoint, const std::string& name, std::int64_t columns,
                     const std::vector<std::int64_t>& ids);

}  // namespace sora
