// Tensors of a checkpoint, read straight into place: by several threads, a piece at a time, so that neither
// the stored bytes nor a second copy lie in memory beside what they become.
#pragma once

#include <ATen/ATen.h>

#include <string>

#include "checkpoint/checkpoint.h"

namespace sora {

/// The type that a file's floating-point type is read as; fp32 for block-quantised ones. Throws Error (data)
/// for other types.
at::ScalarType scalar_type(DType dtype, const std::string& name);

/// Room for a tensor as its file stores it: of that type and shape, on the CPU; of block-quantised ones the
/// bytes, [n] uint8. `pinned` memory is what a GPU copies from without a stop.
at::Tensor empty_stored(const TensorInfo& info, at::IntArrayRef shape, const std::string& name,
                        bool pinned = false);

/// Reads what is stored into `stored`. Throws Error: io, data.
void read_stored(const Checkpoint& checkpoint, const std::string& name, at::Tensor& stored);

/// Widens what was read to `out`: fp32, contiguous, on the CPU. Scales are not applied.
void widen(const TensorInfo& info, const at::Tensor& stored, at::Tensor& out);

/// The two at once. Throws Error: io, data.
void read_widened(const Checkpoint& checkpoint, const std::string& name, at::Tensor& out);

/// Rows of a matrix as fp32, [ids, columns] on the CPU, read from the file; scales are not applied.
/// `ids` lie in it. Throws Error: io, data.
at::Tensor read_rows(const Checkpoint& checkpoint, const std::string& name, std::int64_t columns,
                     const std::vector<std::int64_t>& ids);

}  // namespace sora
