// Counts the memory that tensors on the CPU ask for, whatever the machine has.
#pragma once

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace sora::test {

/// From its construction to its destruction; it outlives the tensors that are made meanwhile. One at a time.
class TensorMemory : public c10::Allocator {
 public:
  TensorMemory() : base_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this); }
  ~TensorMemory() override { c10::SetCPUAllocator(base_); }

  std::int64_t peak() const { return most_; }  ///< the most bytes that were held at once

  at::DataPtr allocate(std::size_t bytes) override {
    auto* block = new Block{base_->allocate(bytes), static_cast<std::int64_t>(bytes), this};
    const std::int64_t now = held_ += block->bytes;
    for (std::int64_t most = most_; now > most && !most_.compare_exchange_weak(most, now);) {
    }
    return {block->memory.get(), block, &release, at::kCPU};
  }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    base_->copy_data(to, from, bytes);
  }

 private:
  struct Block {
    at::DataPtr memory;
    std::int64_t bytes;
    TensorMemory* owner;
  };
  static void release(void* context) {
    auto* block = static_cast<Block*>(context);
    block->owner->held_ -= block->bytes;
    delete block;
  }

  c10::Allocator* base_;
  std::atomic<std::int64_t> held_{0}, most_{0};
};

}  // namespace sora::test
