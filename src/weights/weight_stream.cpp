#include "weights/weight_stream.h"

#include <c10/core/InferenceMode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <utility>

#include "weights/tensor_reader.h"

namespace sora {

WeightStream::WeightStream(std::shared_ptr<const Checkpoint> checkpoint, at::Device device,
                           std::uint64_t prefetch_bytes, bool from_host, MarkDevice mark)
    : checkpoint_(std::move(checkpoint)),
      device_(device),
      prefetch_bytes_(prefetch_bytes),
      from_host_(from_host),
      traits_(traits_of(device)),
      host_(traits_.pinned_memory, checkpoint_->bytes()),
      in_use_(mark ? std::move(mark) : marks_of(device)) {
  if (traits_.queues_work)
    copies_ = c10::impl::VirtualGuardImpl(device_.type()).getStreamFromGlobalPool(device_);
}

WeightStream::~WeightStream() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::size_t WeightStream::add(const std::vector<StoredPart>& parts, std::int64_t columns) {
  Item item;
  for (const StoredPart& part : parts) {
    Source source{part.name, part.info, {part.rows, columns}, {}};
    if (from_host_) {
      source.host = stored_view(source.info, source.shape, source.name,
                                host_.take(source.info.end - source.info.begin));
      read_stored(*checkpoint_, source.name, source.host);
    }
    item.bytes += part.info.end - part.info.begin;
    item.sources.push_back(std::move(source));
  }
  order_.add(item.bytes);
  items_.push_back(std::move(item));
  return items_.size() - 1;
}

std::uint64_t WeightStream::loaded() const {
  const std::lock_guard lock(mutex_);
  return loaded_;
}

std::uint64_t WeightStream::waited() const {
  const std::lock_guard lock(mutex_);
  return waited_;
}

std::vector<at::Tensor> WeightStream::take(std::size_t index) {
  std::unique_lock lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  order_.used(index);
  in_use_.queued();
  Item& item = items_[index];
  if (item.state == Item::State::absent || item.state == Item::State::requested) {
    requested_.erase(std::remove(requested_.begin(), requested_.end(), index), requested_.end());
    requested_.push_front(index);
    waited_ += item.state == Item::State::absent ? 1 : 0;
    item.state = Item::State::requested;
    changed_.notify_all();
  }
  awaited_ = index;
  changed_.wait(lock, [&] { return item.state == Item::State::ready || failure_; });
  awaited_.reset();
  if (failure_) {
    order_.interrupt();
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  std::vector<at::Tensor> tensors = std::exchange(item.tensors, {});
  item.state = Item::State::absent;
  in_use_.hand_out(item.bytes);
  if (item.copied) {
    const c10::Stream now = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
    item.copied->block(now);
    for (const at::Tensor& tensor : tensors) tensor.record_stream(now);
    item.copied.reset();
  }
  prefetch(index);
  return tensors;
}

// Under the lock: requests the next weights and drops those that were requested by mistake.
void WeightStream::prefetch(std::size_t index) {
  const std::vector<std::size_t> upcoming = order_.after(index, prefetch_bytes_);
  drop_others(upcoming);
  for (const std::size_t i : upcoming) {
    if (items_[i].state != Item::State::absent) continue;
    items_[i].state = Item::State::requested;
    requested_.push_back(i);
  }
  changed_.notify_all();
}

void WeightStream::drop_others(const std::vector<std::size_t>& upcoming) {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (std::find(upcoming.begin(), upcoming.end(), i) != upcoming.end()) continue;
    Item& item = items_[i];
    if (item.state == Item::State::requested) {
      requested_.erase(std::remove(requested_.begin(), requested_.end(), i), requested_.end());
      item.state = Item::State::absent;
    } else if (item.state == Item::State::ready) {
      item.tensors.clear();
      item.copied.reset();
      item.state = Item::State::absent;
    }
  }
}

void WeightStream::work() {
  const c10::InferenceMode inference;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !requested_.empty(); });
    if (stopping_) return;
    const std::size_t index = requested_.front();
    if (!wait_for_memory(lock, index)) continue;
    Item& item = items_[index];
    requested_.pop_front();
    item.state = Item::State::loading;
    lock.unlock();
    std::exception_ptr failure;
    try {
      load(item);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure) {
      failed(index, failure);
    } else {
      item.state = Item::State::ready;
      ++loaded_;
    }
    changed_.notify_all();
  }
}

// Whether there is memory for the weight. Called under the lock. Where it has to wait, it releases the lock
// meanwhile and returns false: other weights may be requested by then.
bool WeightStream::wait_for_memory(std::unique_lock<std::mutex>& lock, std::size_t index) {
  if (!in_use_.can_wait() || in_use_.bytes() + items_[index].bytes <= prefetch_bytes_) return true;
  const DeviceMark mark = in_use_.oldest();
  lock.unlock();
  std::exception_ptr failure;
  try {
    mark();
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  in_use_.forget_oldest();
  if (failure) {
    requested_.erase(std::remove(requested_.begin(), requested_.end(), index), requested_.end());
    failed(index, failure);
    changed_.notify_all();
  }
  return false;
}

// Under the lock; Note [Failed reads].
void WeightStream::failed(std::size_t index, std::exception_ptr failure) {
  Item& item = items_[index];
  item.tensors.clear();
  item.copied.reset();
  item.state = Item::State::absent;
  if (awaited_ == index) failure_ = std::move(failure);
}

// Released buffers are used again: touching new memory for the first time costs as much as reading into it.
at::Tensor WeightStream::buffer_for(const Source& source) {
  const std::uint64_t bytes = source.info.end - source.info.begin;
  const bool pinned = traits_.pinned_memory;
  for (auto it = buffers_.begin(); it != buffers_.end(); ++it) {
    if (it->storage().use_count() != 1 || it->nbytes() != bytes) continue;
    return stored_view(source.info, source.shape, source.name, *it);
  }
  // Buffers of sizes that are no longer needed are freed first.
  std::uint64_t idle = 0;
  for (auto it = buffers_.begin(); it != buffers_.end();) {
    idle += it->storage().use_count() == 1 ? it->nbytes() : 0;
    it = idle > prefetch_bytes_ && it->storage().use_count() == 1 ? buffers_.erase(it) : std::next(it);
  }
  at::Tensor buffer = empty_stored(source.info, source.shape, source.name, pinned);
  buffers_.push_back(buffer.view(-1).view(at::kByte));
  return buffer;
}

void WeightStream::load(Item& item) {
  for (const Source& source : item.sources) {
    at::Tensor host = source.host;
    if (!from_host_) {
      host = buffer_for(source);
      // By one thread, since the others compute meanwhile.
      checkpoint_->read(source.name, host.data_ptr());
    }
    if (!copies_) {
      item.tensors.push_back(traits_.own_memory ? host.to(device_) : host);
      continue;
    }
    const c10::StreamGuard guard(*copies_);
    item.tensors.push_back(at::empty(host.sizes(), host.options().device(device_).pinned_memory(false))
                               .copy_(host, /*non_blocking=*/true));
    item.copied.emplace(device_.type());
    item.copied->record(*copies_);
    if (!from_host_) item.copied->synchronize();  // the buffer will be read into again
  }
}

}  // namespace sora
