#include "weights/use_window.h"

namespace sora {

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
