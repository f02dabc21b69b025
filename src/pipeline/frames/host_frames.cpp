#include "pipeline/frames/host_frames.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <utility>

#include "weights/device_traits.h"

namespace sora {

void HostFrames::bring(const at::Tensor& bytes, Use use) {
  const at::Device device = bytes.device();
  const DeviceTraits traits = traits_of(device);
  if (!traits.queues_work || !traits.pinned_memory) {
    use(bytes.to(at::kCPU));
    return;
  }
  const c10::impl::VirtualGuardImpl guard(device.type());
  if (!copies_) copies_ = guard.getStreamFromGlobalPool(device);
  c10::Event made(device.type());
  made.record(guard.getStream(device));
  made.block(*copies_);
  Copy copy{at::empty(bytes.sizes(), at::TensorOptions(at::kByte).pinned_memory(true)), {}, std::move(use)};
  {
    const c10::StreamGuard here(*copies_);
    copy.frames.copy_(bytes, /*non_blocking=*/true);
  }
  bytes.record_stream(*copies_);
  copy.copied.emplace(device.type());
  copy.copied->record(*copies_);
  under_way_.push_back(std::move(copy));
  while (under_way_.size() > 1) use_first();
}

void HostFrames::use_first() {
  const Copy copy = std::move(under_way_.front());
  under_way_.pop_front();
  copy.copied->synchronize();
  copy.use(copy.frames);
}

void HostFrames::finish() {
  while (!under_way_.empty()) use_first();
}

}  // namespace sora
