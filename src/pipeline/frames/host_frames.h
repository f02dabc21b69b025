// Frames on their way from the device to the host.
//
// Note [Frames leave the device]: frames stay on the device that decoded them until they are bytes. A copy in
// a stream of its own then brings them to pinned memory, while the device decodes the next chunk; the host
// uses them when that one has been queued. So the device, the copies and the video encoder work at the same
// time.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <deque>
#include <functional>
#include <optional>

namespace sora {

class HostFrames {
 public:
  using Use = std::function<void(const at::Tensor& frames)>;

  /// Brings bytes [n, H, W, 3] to the host and then calls `use` with them: at once on a CPU, else at the
  /// latest in finish(), in the order of the calls.
  void bring(const at::Tensor& bytes, Use use);

  /// Waits for what is on its way.
  void finish();

 private:
  struct Copy {
    at::Tensor frames;
    std::optional<c10::Event> copied;
    Use use;
  };
  void use_first();

  std::optional<c10::Stream> copies_;
  std::deque<Copy> under_way_;
};

}  // namespace sora
