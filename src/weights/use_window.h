// How much memory a device may still be using.
//
// Note [Device queue]: on a GPU the host only queues work, and may be a whole network ahead of the device.
// Memory that was handed out for that work is free again when the device has done the work, not when the host
// releases it. So each time the host asks for more, the end of the queue is marked: once the device reaches
// the mark, it is done with all memory that was handed out before.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <deque>
#include <functional>

namespace sora {

/// A mark in a device's queue of work. Calling it waits until the device has reached it.
using DeviceMark = std::function<void()>;
/// Marks the end of the queue. Empty where there is no queue, as on a CPU.
using MarkDevice = std::function<DeviceMark()>;

/// Marks in the stream of `device` that is current when they are made.
MarkDevice marks_of(at::Device device);

/// Not safe for several threads at once.
class UseWindow {
 public:
  explicit UseWindow(MarkDevice mark) : mark_(std::move(mark)) {}

  /// Call it when `bytes` are handed out; the work on them is queued before the next call of queued().
  void hand_out(std::uint64_t bytes);
  /// Call it when all work on what was handed out is queued (on a CPU: done).
  void queued();

  std::uint64_t bytes() const { return bytes_; }  ///< that may still be in use
  /// Whether there is a mark to wait for.
  bool can_wait() const { return !uses_.empty() && uses_.front().mark; }
  /// The oldest mark: wait for it, then call forget_oldest().
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
