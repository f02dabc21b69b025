#include "models/wan/networks/frame_slots.h"

#include <algorithm>
#include <string>

#include "sora/error.h"

namespace sora::wan {
namespace {

[[noreturn]] void bug(const std::string& what) { throw Error(ErrorKind::internal, "transformer", what); }

}  // namespace

FrameSlots::FrameSlots(std::int64_t window, std::int64_t sink) : sink_(sink), ring_begin_(sink) {
  if (sink < 0 || sink >= window)
    bug("a sink of " + std::to_string(sink) + " frames in a window of " + std::to_string(window));
  frames_.assign(static_cast<std::size_t>(window), -1);
}

std::int64_t FrameSlots::slot_of(std::int64_t frame) const {
  if (frame < sink_) return frame;
  return sink_ + (frame - ring_begin_) % (std::ssize(frames_) - sink_);
}

void FrameSlots::begin_pass(std::int64_t count) {
  if (count < 1 || count > std::ssize(frames_) - sink_ || count < count_)
    bug("a pass of " + std::to_string(count) + " frames in a window of " + std::to_string(frames_.size()));
  count_ = count;
  for (std::int64_t frame = next_; frame < next_ + count; ++frame)
    frames_[static_cast<std::size_t>(slot_of(frame))] = frame;
}

std::vector<SlotRun> FrameSlots::runs() const {
  std::vector<SlotRun> runs;
  for (std::int64_t i = 0; i < count_; ++i) {
    const std::int64_t frame = next_ + i, slot = slot_of(frame);
    if (frame < kept_) continue;
    if (!runs.empty() && runs.back().slot + runs.back().count == slot) {
      ++runs.back().count;
    } else {
      runs.push_back({slot, i, 1});
    }
  }
  return runs;
}

std::int64_t FrameSlots::filled() const {
  return std::count_if(frames_.begin(), frames_.end(), [](std::int64_t frame) { return frame >= 0; });
}

std::vector<std::int64_t> FrameSlots::window_positions() const {
  const std::vector<std::int64_t> used(frames_.begin(), frames_.begin() + filled());
  std::vector<std::int64_t> sorted = used, positions;
  std::sort(sorted.begin(), sorted.end());
  for (const std::int64_t frame : used)
    positions.push_back(std::lower_bound(sorted.begin(), sorted.end(), frame) - sorted.begin());
  return positions;
}

void FrameSlots::commit() {
  next_ += count_;
  count_ = 0;
}

void FrameSlots::restart(std::int64_t first, std::int64_t valid) {
  if (first < 0 || first > valid || valid > next_)
    bug("a video of " + std::to_string(next_) + " frames cannot go on from " + std::to_string(first));
  kept_ = std::min(valid, sink_);
  for (std::int64_t& frame : frames_) {
    if (frame >= kept_) frame = -1;
  }
  next_ = first;
  count_ = 0;
  ring_begin_ = std::max(first, sink_);
}

}  // namespace sora::wan
