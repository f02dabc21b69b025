// While this lives, ATen's tensors on the CPU have margins, and both they and fresh memory are full of NaNs:
// what a kernel leaves out, or reads beside its operands, is a NaN in its result; what it writes there is
// seen.
#pragma once

#include <c10/core/Allocator.h>

namespace sora {

class GuardedMemory {
 public:
  GuardedMemory();
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  /// Whether a margin has been written to, since the last call.
  static bool was_damaged();

 private:
  c10::Allocator* before_;
};

}  // namespace sora
