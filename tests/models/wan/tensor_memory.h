// Counts the memory that tensors on the CPU request, however much the machine has.
#pragma once

#include <c10/core/CPUAllocator.h>

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
    held() = most() = 0;
    c10::SetCPUAllocator(this);
  }
  ~TensorMemory() override { c10::SetCPUAllocator(base_); }

  static std::int64_t peak() { return most(); }  ///< the most bytes that were held at once

  // A block's size stands in front of it, so that whoever frees it needs nothing else.
  at::DataPtr allocate(std::size_t bytes) override {
    const std::size_t whole = (bytes + kFront + kFront - 1) / kFront * kFront;
    auto* block = static_cast<char*>(std::aligned_alloc(kFront, whole));
    if (block == nullptr) throw std::bad_alloc();
    std::memcpy(block, &bytes, sizeof bytes);
    const std::int64_t now = held() += static_cast<std::int64_t>(bytes);
    for (std::int64_t seen = most(); now > seen && !most().compare_exchange_weak(seen, now);) {
    }
    return {block + kFront, block + kFront, &release, at::kCPU};
  }
  at::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    base_->copy_data(to, from, bytes);
  }

 private:
  static constexpr std::size_t kFront = 64;  // bytes; what libtorch aligns to

  static std::atomic<std::int64_t>& held() {
    static std::atomic<std::int64_t> bytes{0};
    return bytes;
  }
  static std::atomic<std::int64_t>& most() {
    static std::atomic<std::int64_t> bytes{0};
    return bytes;
  }
  static void release(void* memory) {
    char* block = static_cast<char*>(memory) - kFront;
    std::size_t bytes = 0;
    std::memcpy(&bytes, block, sizeof bytes);
    held() -= static_cast<std::int64_t>(bytes);
    std::free(block);
  }

  c10::Allocator* base_;
};

}  // namespace sora::test
