#include "weights/weight_stream.h"

#include <c10/core/InferenceMode.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <utility>

#include "weights/tensor_reader.h"

namespace sora {
namespace {

// The queue is the stream that is current where take() is called.
MarkDevice mark_of(at::Device device) {
  if (device.is_cpu()) return {};
  return [device]() -> DeviceMark {
    const auto event = std::make_shared<c10::Event>(device.type());
    event->record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
    return [event] { event->synchronize(); };
  };
}

}  // namespace

WeightStream::WeightStream(std::shared_ptr<const Checkpoint> checkpoint, at::Device device,
                           std::uint64_t ahead, bool resident, MarkDevice mark)
    : checkpoint_(std::move(checkpoint)),
      device_(device),
      ahead_(ahead),
      resident_(resident),
      in_use_(mark ? std::move(mark) : mark_of(device)) {
  if (!device_.is_cpu())
    copies_ = c10::impl::VirtualGuardImpl(device_.type()).getStreamFromGlobalPool(device_);
}

WeightStream::~WeightStream() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::size_t WeightStream::add(const std::vector<StoredPart>& parts, std::int64_t columns) {
  Item item;
  for (const StoredPart& part : parts) {
    Source source{part.name, part.info, {part.rows, columns}, {}};
    if (resident_) {
      source.host = empty_stored(source.info, source.shape, source.name, /*pinned=*/!device_.is_cpu());
      read_stored(*checkpoint_, source.name, source.host);
    }
    item.bytes += part.info.end - part.info.begin;
    item.sources.push_back(std::move(source));
  }
  const std::size_t index = items_.size();
  items_.push_back(std::move(item));
  if (index > 0) items_[index - 1].next = index;
  return index;
}

std::uint64_t WeightStream::brought() const {
  const std::lock_guard lock(mutex_);
  return brought_;
}

std::uint64_t WeightStream::waited() const {
  const std::lock_guard lock(mutex_);
  return waited_;
}

std::vector<at::Tensor> WeightStream::take(std::size_t index) {
  std::unique_lock lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  if (last_) items_[*last_].next = index;
  last_ = index;
  in_use_.queued();
  Item& item = items_[index];
  if (item.state == Item::State::away || item.state == Item::State::wanted) {
    wanted_.erase(std::remove(wanted_.begin(), wanted_.end(), index), wanted_.end());
    wanted_.push_front(index);
    waited_ += item.state == Item::State::away ? 1 : 0;
    item.state = Item::State::wanted;
    changed_.notify_all();
  }
  asked_ = index;
  changed_.wait(lock, [&] { return item.state == Item::State::ready || failure_; });
  asked_.reset();
  if (failure_) {
    last_.reset();  // what comes next does not follow this one
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  std::vector<at::Tensor> here = std::exchange(item.here, {});
  item.state = Item::State::away;
  in_use_.hand_out(item.bytes);
  if (item.arrived) {
    const c10::Stream now = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
    item.arrived->block(now);
    for (const at::Tensor& tensor : here) tensor.record_stream(now);
    item.arrived.reset();
  }
  prefetch(index);
  return here;
}

// Under the lock: wants what comes next, and lets go of what was wanted by mistake.
void WeightStream::prefetch(std::size_t index) {
  std::vector<std::size_t> coming;
  std::uint64_t bytes = 0;
  for (std::size_t i = items_[index].next; i != index; i = items_[i].next) {
    bytes += items_[i].bytes;
    if (!coming.empty() && bytes > ahead_) break;
    if (std::find(coming.begin(), coming.end(), i) != coming.end()) break;  // a circle without `index`
    coming.push_back(i);
  }
  drop_others(coming);
  for (const std::size_t i : coming) {
    if (items_[i].state != Item::State::away) continue;
    items_[i].state = Item::State::wanted;
    wanted_.push_back(i);
  }
  changed_.notify_all();
}

void WeightStream::drop_others(const std::vector<std::size_t>& coming) {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (std::find(coming.begin(), coming.end(), i) != coming.end()) continue;
    Item& item = items_[i];
    if (item.state == Item::State::wanted) {
      wanted_.erase(std::remove(wanted_.begin(), wanted_.end(), i), wanted_.end());
      item.state = Item::State::away;
    } else if (item.state == Item::State::ready) {
      item.here.clear();
      item.arrived.reset();
      item.state = Item::State::away;
    }
  }
}

void WeightStream::work() {
  const c10::InferenceMode inference;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ends_ || !wanted_.empty(); });
    if (ends_) return;
    const std::size_t index = wanted_.front();
    if (!wait_for_room(lock, index)) continue;
    Item& item = items_[index];
    wanted_.pop_front();
    item.state = Item::State::coming;
    lock.unlock();
    std::exception_ptr failure;
    try {
      bring(item);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure) {
      failed(index, failure);
    } else {
      item.state = Item::State::ready;
      ++brought_;
    }
    changed_.notify_all();
  }
}

// Under the lock, which it gives up while it waits: what is wanted may be another thing then, and it is
// false.
bool WeightStream::wait_for_room(std::unique_lock<std::mutex>& lock, std::size_t index) {
  if (!in_use_.can_wait() || in_use_.bytes() + items_[index].bytes <= ahead_) return true;
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
    wanted_.erase(std::remove(wanted_.begin(), wanted_.end(), index), wanted_.end());
    failed(index, failure);
    changed_.notify_all();
  }
  return false;
}

// Under the lock; Note [Failed reads].
void WeightStream::failed(std::size_t index, std::exception_ptr failure) {
  Item& item = items_[index];
  item.here.clear();
  item.arrived.reset();
  item.state = Item::State::away;
  if (asked_ == index) failure_ = std::move(failure);
}

// Memory that was given out and has come back is used again: fresh pages cost as much as reading into them.
at::Tensor WeightStream::room(const Source& source) {
  const std::uint64_t bytes = source.info.end - source.info.begin;
  const bool pinned = !device_.is_cpu();
  for (auto it = rooms_.begin(); it != rooms_.end(); ++it) {
    if (it->storage().use_count() != 1 || it->nbytes() != bytes) continue;
    const at::ScalarType type =
        is_quantised(source.info.dtype) ? at::kByte : scalar_type(source.info.dtype, source.name);
    return type == at::kByte ? it->view(at::kByte) : it->view(type).view(source.shape);
  }
  // Rooms of sizes that are no longer asked for go first.
  std::uint64_t idle = 0;
  for (auto it = rooms_.begin(); it != rooms_.end();) {
    idle += it->storage().use_count() == 1 ? it->nbytes() : 0;
    it = idle > ahead_ && it->storage().use_count() == 1 ? rooms_.erase(it) : std::next(it);
  }
  at::Tensor fresh = empty_stored(source.info, source.shape, source.name, pinned);
  rooms_.push_back(fresh.view(-1).view(at::kByte));
  return fresh;
}

void WeightStream::bring(Item& item) {
  for (const Source& source : item.sources) {
    at::Tensor host = source.host;
    if (!resident_) {
      host = room(source);
      // By one thread: the others compute meanwhile.
      checkpoint_->read(source.name, host.data_ptr());
    }
    if (!copies_) {
      item.here.push_back(host);
      continue;
    }
    const c10::StreamGuard guard(*copies_);
    item.here.push_back(at::empty(host.sizes(), host.options().device(device_).pinned_memory(false))
                            .copy_(host, /*non_blocking=*/true));
    item.arrived.emplace(device_.type());
    item.arrived->record(*copies_);
    if (!resident_) item.arrived->synchronize();  // the room is read into again
  }
}

}  // namespace sora
