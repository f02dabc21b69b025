// Copies between the host and the simulated device, and values that the host reads.
#include <ATen/ATen.h>

#include "simulated_machine.h"
#include "simulated_registration.h"

namespace sora::sim {
namespace {

// Below this, a copy from memory that is not pinned does not wait for the queue: its bytes are taken along.
constexpr std::int64_t kTakenAlong = 64 << 10;
constexpr int kNotYet = 85;  // what the host finds in memory that a copy has not reached

bool is_ours(const at::Tensor& x) { return x.device().type() == kType; }

Blocks blocks_of(const at::Tensor& x) {
  const std::lock_guard lock(Machine::get().mutex);
  auto block = x.numel() > 0 ? Machine::get().block_at(x.storage().data()) : nullptr;
  return block ? Blocks{block} : Blocks{};
}

void count(const at::Tensor& from, const at::Tensor& to, bool pinned, bool waits) {
  const std::lock_guard lock(Machine::get().mutex);
  Counters& counters = Machine::get().counters;
  if (is_ours(from) && is_ours(to)) {
    ++counters.launches;
  } else if (is_ours(to)) {
    ++counters.to_device;
    counters.to_device_bytes += static_cast<std::int64_t>(from.nbytes());
    if (!pinned) counters.pageable_bytes += static_cast<std::int64_t>(from.nbytes());
  } else {
    ++counters.to_host;
    counters.to_host_bytes += static_cast<std::int64_t>(from.nbytes());
    if (!waits) ++counters.to_host_queued;
  }
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool non_blocking) {
  if (to.numel() == 0) return to;
  Machine& machine = Machine::get();
  const at::Tensor& device_side = is_ours(to) ? to : from;
  const int stream = current_stream(device_side.device().index());
  const Blocks reads = blocks_of(from), writes = blocks_of(to);
  if (is_ours(from) && is_ours(to)) {
    count(from, to, true, false);
    machine.begin(stream, reads, writes, "copy");
    on_cpu(to).copy_(on_cpu(from));
    return to;
  }
  const at::Tensor& host_side = is_ours(to) ? from : to;
  const bool pinned = !blocks_of(host_side).empty();
  const bool small = is_ours(to) && static_cast<std::int64_t>(from.nbytes()) <= kTakenAlong;
  const bool waits = !non_blocking || (!pinned && !small);
  count(from, to, pinned, waits);
  const at::Tensor source = on_cpu(from), target = on_cpu(to);
  if (non_blocking && pinned) {
    if (is_ours(from)) target.fill_(kNotYet);
    // Both blocks stay until then.
    machine.queue(stream, reads, writes, "copy", [source, target, reads, writes] { target.copy_(source); });
    return to;
  }
  machine.begin(stream, reads, writes, "copy");
  target.copy_(source);
  if (waits) machine.wait_for_stream(stream);
  return to;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  to.resize_(from.sizes());
  return copy_from(from, to, false);
}

at::Scalar local_scalar(const at::Tensor& x) {
  const int stream = current_stream(x.device().index());
  Machine::get().begin(stream, blocks_of(x), {}, "item");
  Machine::get().wait_for_stream(stream);
  return on_cpu(x).item();
}

const bool registered = [] {
  implement("aten::_copy_from", "", copy_from);
  implement("aten::_copy_from_and_resize", "", copy_from_and_resize);
  implement("aten::_local_scalar_dense", "", local_scalar);
  return true;
}();

}  // namespace
}  // namespace sora::sim
