// Counts the memory that tensors on the CPU request, however much the machine has.
#pragma once

#include <c10/core/CPUAllocator.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace sora::test {

/// Counts from its construction to its destruction. Only one object at a time.
class TensorMemory : public c10::Allocator {
 public:
  TensorMemory() : base_(c10::GetCPUAllocator()) {
    for (Count& count : counts()) count.held = count.most = 0;
    c10::SetCPUAllocator(this);
  }
  ~TensorMemory() override { c10::SetCPUAllocator(base_); }

  /// What this thread requests from now on counts for `number`, below 8; of other threads, and before: 0.
  static void count_this_thread_as(int number) { this_thread() = number; }
  /// The most bytes that were held at once.
  static std::int64_t peak(int number = 0) { return counts().at(static_cast<std::size_t>(number)).most; }

  // A block's size stands in front of it, so that whoever frees it needs nothing else.
  at::DataPtr allocate(std::size_t bytes) override {
    const std::size_t whole = (bytes + kFront + kFront - 1) / kFront * kFront;
    auto* block = static_cast<char*>(std::aligned_alloc(kFront, whole));
    if (block == nullptr) throw std::bad_alloc();
    const Front front{bytes, this_thread()};
    std::memcpy(block, &front, sizeof front);
    Count& count = counts()[static_cast<std::size_t>(front.number)];
    const std::int64_t now = count.held += static_cast<std::int64_t>(bytes);
    for (std::int64_t seen = count.most; now > seen && !count.most.compare_exchange_weak(seen, now);) {
    }
    return {block + kFront, block + kFront, &release, at::kCPU};
  }
  at::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    base_->copy_data(to, from, bytes);
  }

 private:
  static constexpr std::size_t kFront = 64;  // bytes; what libtorch aligns to

  struct Front {
    std::size_t bytes = 0;
    int number = 0;
  };
  struct Count {
    std::atomic<std::int64_t> held{0}, most{0};
  };
  static std::array<Count, 8>& counts() {
    static std::array<Count, 8> all;
    return all;
  }
  static int& this_thread() {
    static thread_local int number = 0;
    return number;
  }
  static void release(void* memory) {
    char* block = static_cast<char*>(memory) - kFront;
    Front front;
    std::memcpy(&front, block, sizeof front);
    counts()[static_cast<std::size_t>(front.number)].held -= static_cast<std::int64_t>(front.bytes);
    std::free(block);
  }

  c10::Allocator* base_;
};

}  // namespace sora::test
