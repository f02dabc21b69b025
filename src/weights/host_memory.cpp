#include "weights/host_memory.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <bit>

#include "weights/device_traits.h"
#include "weights/tensor_reader.h"

namespace sora {
namespace {

constexpr std::uint64_t kAlignment = 512;
constexpr std::uint64_t kLargestSlab = std::uint64_t{1} << 30;
constexpr std::uint64_t kSmallestSlab = std::uint64_t{1} << 20;
constexpr std::uint64_t kStagingBytes = std::uint64_t{64} << 20;

at::Tensor bytes_of(std::uint64_t bytes, bool pinned) {
  return at::empty({static_cast<std::int64_t>(bytes)}, at::TensorOptions(at::kByte).pinned_memory(pinned));
}

}  // namespace

at::Tensor HostSlabs::take(std::uint64_t bytes) {
  const std::uint64_t room = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  const auto fits = [&](const Slab& slab) { return slab.used + room <= slab.memory.nbytes(); };
  auto slab = std::find_if(slabs_.begin(), slabs_.end(), fits);
  if (slab == slabs_.end()) {
    // The largest power of two that will be filled, but at least what is needed now.
    const std::uint64_t left = expected_ > allocated_ ? expected_ - allocated_ : 0;
    const std::uint64_t filled = std::bit_floor(std::clamp(left, kSmallestSlab, kLargestSlab));
    const std::uint64_t size = std::max(filled, std::bit_ceil(std::max<std::uint64_t>(room, 1)));
    slabs_.push_back({bytes_of(size, pinned_)});
    allocated_ += size;
    slab = slabs_.end() - 1;
  }
  const at::Tensor part =
      slab->memory.narrow(0, static_cast<std::int64_t>(slab->used), static_cast<std::int64_t>(bytes));
  slab->used += room;
  return part;
}

HostStaging::HostStaging(at::Device device)
    : device_(device), pinned_(traits_of(device).pinned_memory), queues_(traits_of(device).queues_work) {}

// A buffer that the device has read.
at::Tensor HostStaging::take(std::uint64_t bytes) {
  Buffer& buffer = buffers_.at(next_);
  if (buffer.copied) buffer.copied->synchronize();
  buffer.copied.reset();
  if (!buffer.memory.defined() || buffer.memory.nbytes() < bytes) {
    buffer.memory.reset();
    buffer.memory = bytes_of(std::bit_ceil(bytes), pinned_);
  }
  return buffer.memory.narrow(0, 0, static_cast<std::int64_t>(bytes));
}

at::Tensor HostStaging::load(const Checkpoint& checkpoint, const std::string& name, const TensorInfo& info,
                             at::IntArrayRef shape) {
  const auto options = at::TensorOptions(device_).dtype(scalar_type(info.dtype, name));
  const at::Tensor tensor = at::empty(shape, options);
  if (tensor.numel() == 0) return tensor;
  const at::Tensor bytes = tensor.view(-1).view(at::kByte);
  for (std::uint64_t first = 0; first < bytes.nbytes(); first += kStagingBytes) {
    const std::uint64_t count = std::min(kStagingBytes, bytes.nbytes() - first);
    at::Tensor staged = take(count);
    read_stored(checkpoint, name, first, staged);
    bytes.narrow(0, static_cast<std::int64_t>(first), static_cast<std::int64_t>(count))
        .copy_(staged, /*non_blocking=*/pinned_);
    if (queues_) {
      auto& copied = buffers_.at(next_).copied;
      copied.emplace(device_.type());
      copied->record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
    }
    next_ = 1 - next_;
  }
  return tensor;
}

}  // namespace sora
