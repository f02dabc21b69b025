#include "models/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::int64_t> held{0}, most{0};

void count(std::int64_t bytes) {
  const std::int64_t now = held += bytes;
  std::int64_t seen = most;
  while (now > seen && !most.compare_exchange_weak(seen, now)) {
  }
}

}  // namespace

// Replaces the standard operator new: all other forms call it, except those with larger alignment.
void* operator new(std::size_t bytes) {
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  count(static_cast<std::int64_t>(::malloc_usable_size(memory)));
  return memory;
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  held -= static_cast<std::int64_t>(::malloc_usable_size(memory));
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace sora::test {

Allocations::Allocations() : begin_(held) { most = begin_; }

std::int64_t Allocations::peak() const { return most - begin_; }

}  // namespace sora::test
