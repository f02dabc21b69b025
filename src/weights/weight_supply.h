// Matrices that are not on the device until they are used.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sora {

struct StoredPart;

class WeightSupply {
 public:
  WeightSupply() = default;
  virtual ~WeightSupply() = default;
  WeightSupply(const WeightSupply&) = delete;
  WeightSupply& operator=(const WeightSupply&) = delete;

  /// Adds a matrix and returns its index. Not to be called after the first take().
  virtual std::size_t add(const std::vector<StoredPart>& parts, std::int64_t columns) = 0;

  /// The parts as they are stored (tensor_reader.h), on the device. They belong to the caller; their memory
  /// is used again once the caller releases them. Queue the work on them before the next call. Throws Error:
  /// io, data; unavailable, where other ranks are needed.
  virtual std::vector<at::Tensor> take(std::size_t index) = 0;
};

}  // namespace sora
