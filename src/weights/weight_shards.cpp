#include "weights/weight_shards.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <utility>

#include "weights/tensor_reader.h"

namespace sora {
namespace {

constexpr std::int64_t kAlignment = 16;  // of parts and shares: fp8 products ask for it

std::int64_t aligned(std::int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

std::int64_t size_of(const TensorInfo& info) { return static_cast<std::int64_t>(info.end - info.begin); }

}  // namespace

WeightShards::WeightShards(std::shared_ptr<const Checkpoint> checkpoint, at::Device device,
                           std::uint64_t prefetch_bytes, std::shared_ptr<const WeightSharing> sharing)
    : checkpoint_(std::move(checkpoint)),
      device_(device),
      prefetch_bytes_(prefetch_bytes),
      sharing_(std::move(sharing)),
      traits_(traits_of(device)),
      in_use_(marks_of(device)) {
  if (traits_.queues_work)
    copies_ = c10::impl::VirtualGuardImpl(device_.type()).getStreamFromGlobalPool(device_);
}

std::size_t WeightShards::add(const std::vector<StoredPart>& parts, std::int64_t columns) {
  Item item;
  std::int64_t total = 0;
  for (const StoredPart& part : parts) {
    item.parts.push_back({part.name, part.info, {part.rows, columns}, total});
    total = aligned(total + size_of(part.info));
  }
  const std::int64_t share = aligned((total + sharing_->ranks - 1) / sharing_->ranks);
  const std::int64_t begin = share * sharing_->rank, end = begin + share;
  at::Tensor own = at::zeros({share}, at::TensorOptions(at::kByte).pinned_memory(traits_.pinned_memory));
  for (const Part& part : item.parts) {
    const std::int64_t first = std::max(begin, part.first);
    const std::int64_t last = std::min(end, part.first + size_of(part.info));
    if (first >= last) continue;
    at::Tensor piece = own.narrow(0, first - begin, last - first);
    read_stored(*checkpoint_, part.name, static_cast<std::uint64_t>(first - part.first), piece);
  }
  const c10::OptionalStreamGuard guard(copies_);
  item.own = own.to(device_);
  bytes_ += static_cast<std::uint64_t>(share);
  order_.add(static_cast<std::uint64_t>(whole_bytes(item)));
  items_.push_back(std::move(item));
  return items_.size() - 1;
}

// Memory that was given out is used again once it was released; on a device with a queue its allocator does
// the same.
at::Tensor WeightShards::buffer(std::int64_t bytes) {
  if (traits_.queues_work) return at::empty({bytes}, at::TensorOptions(device_).dtype(at::kByte));
  const auto is_free = [](const at::Tensor& tensor) { return tensor.storage().use_count() == 1; };
  const auto found = std::find_if(buffers_.begin(), buffers_.end(), [&](const at::Tensor& tensor) {
    return is_free(tensor) && tensor.numel() == bytes;
  });
  if (found != buffers_.end()) return *found;
  std::erase_if(buffers_, is_free);  // one of each size that is in use
  buffers_.push_back(at::empty({bytes}, at::TensorOptions(device_).dtype(at::kByte)));
  return buffers_.back();
}

void WeightShards::gather(Item& item) {
  const c10::OptionalStreamGuard guard(copies_);
  item.whole = buffer(whole_bytes(item));
  sharing_->gather(item.own, item.whole);
  ++gathered_;
  if (!copies_) return;
  item.copied.emplace(device_.type());
  item.copied->record(*copies_);
}

// So that the host does not run ahead of the device without end.
void WeightShards::wait_for_memory(std::int64_t bytes) {
  while (in_use_.can_wait() && in_use_.bytes() + static_cast<std::uint64_t>(bytes) > prefetch_bytes_) {
    in_use_.oldest()();
    in_use_.forget_oldest();
  }
}

std::vector<at::Tensor> WeightShards::take(std::size_t index) {
  order_.used(index);
  in_use_.queued();
  Item& item = items_[index];
  wait_for_memory(whole_bytes(item));
  if (!item.whole.defined()) gather(item);
  const at::Tensor whole = std::exchange(item.whole, {});
  if (copies_) {
    const c10::Stream now = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
    item.copied->block(now);
    whole.record_stream(now);
  }
  in_use_.hand_out(whole.nbytes());
  std::vector<at::Tensor> tensors;
  for (const Part& part : item.parts) {
    tensors.push_back(
        stored_view(part.info, part.shape, part.name, whole.narrow(0, part.first, size_of(part.info))));
  }
  if (copies_) prefetch(index);
  return tensors;
}

void WeightShards::prefetch(std::size_t index) {
  const std::vector<std::size_t> upcoming = order_.after(index, prefetch_bytes_);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (std::ranges::count(upcoming, i) == 0) items_[i].whole.reset();
  }
  for (const std::size_t i : upcoming) {
    if (!items_[i].whole.defined()) gather(items_[i]);
  }
}

}  // namespace sora
