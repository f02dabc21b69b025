// The simulated device as ATen sees it: its memory, its streams and events, and the host's pinned memory.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "simulated_machine.h"

namespace sora::sim {
namespace {

void free_memory(void* memory) { Machine::get().release(memory); }

c10::Device device_at(int index) { return {kType, static_cast<c10::DeviceIndex>(index)}; }
int index_of(c10::Device device) { return device.has_index() ? device.index() : current_device(); }

class DeviceMemory final : public c10::DeviceAllocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    void* memory = Machine::get().allocate(bytes, false);
    return {memory, memory, free_memory, device_at(current_device())};
  }
  c10::DeleterFnPtr raw_deleter() const override { return free_memory; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr& memory, c10::Stream stream) override {
    Machine::get().know(memory.get(), static_cast<int>(stream.id()));
  }
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex) override {
    c10::CachingDeviceAllocator::DeviceStats stats;
    stats.reserved_bytes[0].current = stats.allocated_bytes[0].current = counters().bytes;
    stats.allocated_bytes[0].peak = counters().peak_bytes;
    return stats;
  }
  void resetAccumulatedStats(c10::DeviceIndex) override {}
  void resetPeakStats(c10::DeviceIndex) override {
    const std::lock_guard lock(Machine::get().mutex);
    Machine::get().counters.peak_bytes = Machine::get().counters.bytes;
  }
  std::pair<std::size_t, std::size_t> getMemoryInfo(c10::DeviceIndex) override {
    const std::int64_t all = Machine::get().memory_limit;
    return {static_cast<std::size_t>(all == 0 ? 0 : all - counters().bytes), static_cast<std::size_t>(all)};
  }
};

class PinnedMemory final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    void* memory = Machine::get().allocate(bytes, true);
    return {memory, memory, free_memory, at::Device(at::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return free_memory; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
};

class Guard final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return kType; }
  c10::Device exchangeDevice(c10::Device device) const override {
    const c10::Device before = device_at(current_device());
    set_current_device(index_of(device));
    return before;
  }
  c10::Device getDevice() const override { return device_at(current_device()); }
  void setDevice(c10::Device device) const override { set_current_device(index_of(device)); }
  void uncheckedSetDevice(c10::Device device) const noexcept override {
    set_current_device(index_of(device));
  }
  c10::DeviceIndex deviceCount() const noexcept override { return kDevices; }

  c10::Stream getStream(c10::Device device) const override {
    return stream_at(index_of(device), current_stream(index_of(device)));
  }
  c10::Stream getDefaultStream(c10::Device device) const override {
    return stream_at(index_of(device), index_of(device));
  }
  c10::Stream getStreamFromGlobalPool(c10::Device device, bool) const override {
    return stream_at(index_of(device), Machine::get().new_stream(index_of(device)));
  }
  c10::Stream getNewStream(c10::Device device, int) const override {
    return getStreamFromGlobalPool(device, false);
  }
  c10::Stream exchangeStream(c10::Stream stream) const override {
    const int device = stream.device_index();
    return stream_at(device, exchange_stream(device, static_cast<int>(stream.id())));
  }
  void synchronizeStream(const c10::Stream& stream) const override {
    Machine::get().wait_for_stream(static_cast<int>(stream.id()));
  }
  void synchronizeDevice(c10::DeviceIndex) const override {
    Machine::get().count_wait();
    Machine::get().wait_for_all();
  }
  void recordDataPtrOnStream(const c10::DataPtr& memory, const c10::Stream& stream) const override {
    Machine::get().know(memory.get(), static_cast<int>(stream.id()));
  }

  void record(void** event, const c10::Stream& stream, c10::DeviceIndex, c10::EventFlag) const override {
    if (*event == nullptr) *event = new Event;
    Machine::get().record(*static_cast<Event*>(*event), static_cast<int>(stream.id()));
  }
  void block(void* event, const c10::Stream& stream) const override {
    if (event != nullptr) Machine::get().block(*static_cast<Event*>(event), static_cast<int>(stream.id()));
  }
  bool queryEvent(void* event) const override {
    return event == nullptr || Machine::get().reached(*static_cast<Event*>(event));
  }
  void synchronizeEvent(void* event) const override {
    if (event != nullptr) Machine::get().wait(*static_cast<Event*>(event));
  }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override {
    delete static_cast<Event*>(event);
  }

 private:
  static c10::Stream stream_at(int device, int stream) {
    return c10::Stream(c10::Stream::UNSAFE, device_at(device), stream);
  }
};

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(at::DeviceIndex) const override { return true; }
  at::DeviceIndex deviceCount() const override { return kDevices; }
  at::DeviceIndex getCurrentDevice() const override { return static_cast<at::DeviceIndex>(current_device()); }
  bool isPinnedPtr(const void* memory) const override {
    const std::lock_guard lock(Machine::get().mutex);
    const auto block = Machine::get().block_at(memory);
    return block && block->pinned;
  }
  // For at::manual_seed(), which seeds the generators of all devices.
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    static const at::Generator generator = at::detail::createCPUGenerator();
    return generator;
  }
  at::Allocator* getPinnedMemoryAllocator() const override {
    static PinnedMemory pinned;
    return &pinned;
  }
};

DeviceMemory& device_memory() {
  static DeviceMemory memory;
  return memory;
}

// Before main(), as the libraries of a real device do when they are loaded.
REGISTER_ALLOCATOR(kType, &device_memory())
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard)
const bool hooked = [] {
  static Hooks hooks;
  at::RegisterPrivateUse1HooksInterface(&hooks);
  c10::register_privateuse1_backend("sim");
  return true;
}();

}  // namespace

Counters counters() {
  const std::lock_guard lock(Machine::get().mutex);
  return Machine::get().counters;
}

void reset_counters() {
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  Counters fresh;
  fresh.bytes = fresh.peak_bytes = machine.counters.bytes;
  fresh.pinned_bytes = fresh.pinned_peak = machine.counters.pinned_bytes;
  machine.counters = fresh;
  machine.watched = std::this_thread::get_id();
}

std::vector<std::string> take_faults() {
  const std::lock_guard lock(Machine::get().mutex);
  return std::exchange(Machine::get().faults, {});
}

void set_memory(std::int64_t bytes) {
  const std::lock_guard lock(Machine::get().mutex);
  Machine::get().memory_limit = bytes;
}

}  // namespace sora::sim
