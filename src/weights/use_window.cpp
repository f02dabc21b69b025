#include "weights/use_window.h"

#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <memory>

#include "weights/device_traits.h"

namespace sora {

MarkDevice marks_of(at::Device device) {
  if (!traits_of(device).queues_work) return {};
  return [device]() -> DeviceMark {
    const auto event = std::make_shared<c10::Event>(device.type());
    event->record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
    return [event] { event->synchronize(); };
  };
}

void UseWindow::hand_out(std::uint64_t bytes) {
  uses_.push_back({bytes, {}});
  bytes_ += bytes;
}

void UseWindow::queued() {
  if (uses_.empty() || uses_.back().mark) return;
  if (!mark_) {
    uses_.clear();
    bytes_ = 0;
    return;
  }
  const DeviceMark mark = mark_();
  for (Use& use : uses_) {
    if (!use.mark) use.mark = mark;
  }
}

void UseWindow::forget_oldest() {
  bytes_ -= uses_.front().bytes;
  uses_.pop_front();
}

}  // namespace sora
