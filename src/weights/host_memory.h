// Memory of the host that a device copies from.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace sora {

/// Memory for many tensors that stay. CUDA's allocator of pinned memory rounds each request up to a power of
/// two, so that tensors on their own would take up to twice their size: here they share slabs of such sizes.
class HostSlabs {
 public:
  /// `expected`: bytes that will be asked for in all; more or less can be.
  HostSlabs(bool pinned, std::uint64_t expected) : pinned_(pinned), expected_(expected) {}

  /// Uninitialised, [bytes] uint8.
  at::Tensor take(std::uint64_t bytes);

  std::uint64_t allocated() const { return allocated_; }  ///< bytes of all slabs

 private:
  struct Slab {
    at::Tensor memory;
    std::uint64_t used = 0;
  };

  bool pinned_;
  std::uint64_t expected_;
  std::uint64_t allocated_ = 0;
  std::vector<Slab> slabs_;
};

/// Brings tensors from a file to a device through two pinned buffers: while one is copied, the file is read
/// into the other.
class HostStaging {
 public:
  explicit HostStaging(at::Device device);

  /// The tensor as it is stored, of the file's type, on the device; not for block-quantised types. Throws
  /// Error: io, data.
  at::Tensor load(const Checkpoint& checkpoint, const std::string& name, const TensorInfo& info,
                  at::IntArrayRef shape);

 private:
  struct Buffer {
    at::Tensor memory;                 // [n] uint8
    std::optional<c10::Event> copied;  // the last copy from it
  };
  at::Tensor take(std::uint64_t bytes);

  at::Device device_;
  bool pinned_, queues_;
  std::array<Buffer, 2> buffers_;
  std::size_t next_ = 0;
};

}  // namespace sora
