// What was handed out for work on a device, and may still be in use there.
//
// Note [Behind the host]: on a GPU the host only queues work, and may be a whole network ahead of it. Memory
// that was handed out comes back when the device has done what was queued, not when the host lets go of it.
// So each time the host asks for more, the end of the queue is marked: what was handed out before is used
// once the device has come to that mark.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

namespace sora {

/// A mark in a device's queue of work. The call returns when the device has come to it.
using DeviceMark = std::function<void()>;
/// Marks the end of the queue. Empty where work is done as it is asked for, as on a CPU.
using MarkDevice = std::function<DeviceMark()>;

/// Not safe for several threads at once.
class UseWindow {
 public:
  explicit UseWindow(MarkDevice mark) : mark_(std::move(mark)) {}

  /// `bytes` are handed out. The work on them is queued before the next call of queued().
  void hand_out(std::uint64_t bytes);
  /// All work on what was handed out is queued (on a CPU: done).
  void queued();

  std::uint64_t bytes() const { return bytes_; }  ///< in use, as far as is known
  /// Whether there is something whose end can be waited for.
  bool can_wait() const { return !uses_.empty() && uses_.front().mark; }
  /// To be waited for, and then forgotten.
  const DeviceMark& oldest() const { return uses_.front().mark; }
  void forget_oldest();

 private:
  struct Use {
    std::uint64_t bytes = 0;
    DeviceMark mark;  // empty: its work may not be queued yet
  };

  MarkDevice mark_;
  std::deque<Use> uses_;  // the oldest first
  std::uint64_t bytes_ = 0;
};

}  // namespace sora
