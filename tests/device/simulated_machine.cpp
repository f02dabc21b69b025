#include "simulated_machine.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>

namespace sora::sim {
namespace {

constexpr int kUnreadable = 0xFF;  // new memory: NaN in every floating-point type

void merge(Clock& into, const Clock& from) {
  for (const auto& [stream, place] : from) into[stream] = std::max(into[stream], place);
}

std::int64_t at(const Clock& clock, int stream) {
  const auto found = clock.find(stream);
  return found == clock.end() ? 0 : found->second;
}

thread_local int device_now = 0;
thread_local std::array<int, kDevices> stream_now{0, 1};

}  // namespace

int current_device() { return device_now; }
void set_current_device(int device) { device_now = device; }
int current_stream(int device) { return stream_now.at(static_cast<std::size_t>(device)); }
int exchange_stream(int device, int stream) {
  return std::exchange(stream_now.at(static_cast<std::size_t>(device)), stream);
}

Block::~Block() { std::free(memory); }

Machine& Machine::get() {
  static auto* machine = new Machine;  // never destroyed: tensors of other static objects may outlive it
  return *machine;
}

Machine::Machine() : queues_(kDevices) {
  for (int i = 0; i < kDevices; ++i) queues_[static_cast<std::size_t>(i)].device = i;
  watched = std::this_thread::get_id();
}

void* Machine::allocate(std::size_t bytes, bool pinned) {
  const std::lock_guard lock(mutex);
  if (bytes == 0) return nullptr;
  const auto fits = [&] {
    return pinned || memory_limit == 0 || counters.bytes + static_cast<std::int64_t>(bytes) <= memory_limit;
  };
  if (!fits()) wait_for_all();  // as CUDA's allocator does before it gives up
  TORCH_CHECK_WITH(OutOfMemoryError, fits(), "sim out of memory. Tried to allocate ", bytes, " bytes; ",
                   counters.bytes, " of ", memory_limit, " are in use");
  auto block = std::make_shared<Block>();
  block->memory = static_cast<char*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
  std::memset(block->memory, kUnreadable, bytes);
  block->bytes = bytes;
  block->counted = pinned ? std::bit_ceil(bytes) : bytes;
  block->pinned = pinned;
  block->device = device_now;
  block->stream = current_stream(device_now);
  auto& now = pinned ? counters.pinned_bytes : counters.bytes;
  auto& peak = pinned ? counters.pinned_peak : counters.peak_bytes;
  now += static_cast<std::int64_t>(block->counted);
  peak = std::max(peak, now);
  void* memory = block->memory;
  blocks_.emplace(block->memory, std::move(block));
  return memory;
}

void Machine::release(void* memory) {
  const std::lock_guard lock(mutex);
  const auto found = blocks_.find(static_cast<const char*>(memory));
  if (found == blocks_.end()) return;
  const std::shared_ptr<Block> block = found->second;
  blocks_.erase(found);
  if (block->pinned) {
    counters.pinned_bytes -= static_cast<std::int64_t>(block->counted);
    return;
  }
  Clock used = block->reads, until;
  merge(used, block->writes);
  for (const auto& [stream, place] : used) {
    const bool known = stream == block->stream || std::ranges::count(block->known, stream) > 0;
    const Clock& own = queues_[static_cast<std::size_t>(block->stream)].clock;
    if (!known && at(own, stream) < place && at(host_, stream) < place) {
      faults.push_back("memory of stream " + std::to_string(block->stream) + " was freed while stream " +
                       std::to_string(stream) + " was using it, without record_stream()");
    }
  }
  for (const int stream : block->known) {
    const Queue& queue = queues_[static_cast<std::size_t>(stream)];
    if (queue.done < queue.end) until[stream] = queue.end;
  }
  freed_.push_back({block->bytes, until});
  forget_freed();
}

void Machine::forget_freed() {
  std::erase_if(freed_, [&](const Freed& freed) {
    for (const auto& [stream, place] : freed.until) {
      if (queues_[static_cast<std::size_t>(stream)].done < place) return false;
    }
    counters.bytes -= static_cast<std::int64_t>(freed.bytes);
    return true;
  });
}

void Machine::know(const void* memory, int stream) {
  const std::lock_guard lock(mutex);
  if (const auto block = block_at(memory); block && block->stream != stream) block->known.push_back(stream);
}

std::shared_ptr<Block> Machine::block_at(const void* memory) const {
  auto found = blocks_.upper_bound(static_cast<const char*>(memory));
  if (found == blocks_.begin()) return nullptr;
  --found;
  const auto* place = static_cast<const char*>(memory);
  return place < found->second->memory + found->second->bytes ? found->second : nullptr;
}

// Whether all of `earlier` comes before the work that `stream` gets now.
void Machine::check(const Clock& earlier, int stream, const std::string& what) {
  for (const auto& [other, place] : earlier) {
    if (other == stream || at(queues_[static_cast<std::size_t>(stream)].clock, other) >= place) continue;
    faults.push_back(what + " on stream " + std::to_string(stream) + " does not wait for stream " +
                     std::to_string(other));
  }
}

void Machine::enqueue(int stream, const Blocks& reads, const Blocks& writes, const std::string& name) {
  Queue& queue = queues_[static_cast<std::size_t>(stream)];
  merge(queue.clock, host_);
  queue.clock[stream] = ++queue.end;
  for (const auto& block : reads) {
    check(block->writes, stream, name + ": a read");
    block->reads[stream] = queue.end;
  }
  for (const auto& block : writes) {
    check(block->writes, stream, name + ": a write");
    check(block->reads, stream, name + ": a write over what is read");
    block->writes[stream] = queue.end;
  }
}

void Machine::begin(int stream, const Blocks& reads, const Blocks& writes, const std::string& name) {
  const std::lock_guard lock(mutex);
  run(stream, queues_[static_cast<std::size_t>(stream)].end);
  enqueue(stream, reads, writes, name);
}

void Machine::queue(int stream, const Blocks& reads, const Blocks& writes, const std::string& name,
                    std::function<void()> copy) {
  const std::lock_guard lock(mutex);
  enqueue(stream, reads, writes, name);
  Queue& queue = queues_[static_cast<std::size_t>(stream)];
  queue.waiting.push_back({queue.end, std::move(copy)});
}

void Machine::run(int stream, std::int64_t until) {
  for (;;) {
    Queue& queue = queues_[static_cast<std::size_t>(stream)];
    if (queue.waiting.empty() || queue.waiting.front().place > until) return;
    const Work work = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    if (work.copy) {
      work.copy();
    } else {
      run(work.stream, work.until);
    }
  }
}

int Machine::new_stream(int device) {
  const std::lock_guard lock(mutex);
  queues_.emplace_back();
  queues_.back().device = device;
  return static_cast<int>(queues_.size()) - 1;
}

int Machine::device_of(int stream) const { return queues_.at(static_cast<std::size_t>(stream)).device; }

void Machine::record(Event& event, int stream) {
  const std::lock_guard lock(mutex);
  Queue& queue = queues_[static_cast<std::size_t>(stream)];
  merge(queue.clock, host_);
  event.stream = stream;
  event.clock = queue.clock;
  event.clock[stream] = queue.end;
}

void Machine::block(const Event& event, int stream) {
  const std::lock_guard lock(mutex);
  if (event.stream < 0 || event.stream == stream) return;
  Queue& queue = queues_[static_cast<std::size_t>(stream)];
  merge(queue.clock, event.clock);
  queue.waiting.push_back({queue.end, {}, event.stream, at(event.clock, event.stream)});
}

bool Machine::reached(const Event& event) const {
  if (event.stream < 0) return true;
  return queues_[static_cast<std::size_t>(event.stream)].done >= at(event.clock, event.stream);
}

void Machine::count_wait() {
  if (std::this_thread::get_id() == watched) ++counters.host_waits;
}

void Machine::host_reached(const Clock& clock) {
  merge(host_, clock);
  for (const auto& [stream, place] : clock) {
    run(stream, place);
    Queue& queue = queues_[static_cast<std::size_t>(stream)];
    queue.done = std::max(queue.done, place);
  }
  forget_freed();
}

void Machine::wait(const Event& event) {
  const std::lock_guard lock(mutex);
  count_wait();
  if (event.stream >= 0) host_reached(event.clock);
}

void Machine::wait_for_stream(int stream) {
  const std::lock_guard lock(mutex);
  count_wait();
  Queue& queue = queues_[static_cast<std::size_t>(stream)];
  run(stream, queue.end);
  Clock clock = queue.clock;
  clock[stream] = queue.end;
  host_reached(clock);
}

void Machine::wait_for_all() {
  const std::lock_guard lock(mutex);
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    const auto stream = static_cast<int>(i);
    run(stream, queues_[i].end);
    host_reached({{stream, queues_[i].end}});
  }
}

at::Tensor on_cpu(const at::Tensor& x) {
  const c10::Storage& storage = x.storage();
  c10::Storage same(c10::Storage::use_byte_size_t(), storage.nbytes(),
                    c10::DataPtr(storage.mutable_data(), at::kCPU), nullptr, false);
  auto tensor = at::detail::make_tensor<c10::TensorImpl>(
      std::move(same), c10::DispatchKeySet(c10::DispatchKey::CPU), x.dtype());
  tensor.unsafeGetTensorImpl()->set_storage_offset(x.storage_offset());
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(x.sizes(), x.strides());
  return tensor;
}

}  // namespace sora::sim
