// A simulated accelerator for tests: device "sim" of PyTorch's type PrivateUse1, in plain memory.
//
// It has memory of its own, whose bytes are counted. A tensor on it cannot be mixed with tensors of the CPU.
// It computes with the CPU's kernels, so in fp32 its numbers are the CPU's to the bit.
//
// Note [Simulated queues]
// A real device works behind the host's back; a test cannot see that a wait is missing unless the device
// happens to be late. Here every device is as late as the program allows:
// - A copy that does not block is made at the last moment: when its stream computes something, when another
// stream
//   that waits for it does, or when the host waits for it. Who reads too early gets old bytes.
// - Work counts as done only once the host has waited for it. Memory that was freed while another stream was
//   using it (record_stream) stays counted until then.
// Each stream also knows, by vector clocks, which work of other streams comes before its own. Two uses of the
// same memory on two streams without an order between them, and memory that is freed while a stream that the
// allocator does not know is using it, are faults.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sora::sim {

struct Counters {
  // Memory, in bytes
  std::int64_t bytes = 0, peak_bytes = 0;  ///< of the device; freed memory that is still in use counts
  std::int64_t pinned_bytes = 0;  ///< of the host, each block rounded up to a power of two, as CUDA's
  std::int64_t pinned_peak = 0;
  // Copies
  std::int64_t to_device = 0, to_device_bytes = 0;
  std::int64_t pageable_bytes = 0;  ///< of these, from memory that is not pinned
  std::int64_t to_host = 0, to_host_bytes = 0;
  std::int64_t to_host_queued = 0;  ///< of these, those that did not make the host wait
  // Work
  std::int64_t launches = 0;
  std::int64_t host_waits = 0;  ///< .item(), blocking copies, synchronisations, sizes that depend on data
};

/// Registers the device in ATen and in the program, as "sim", with two devices. Can be called several times.
void register_device();

Counters counters();
/// Sets all counters to 0, and the peaks to what is in use now.
void reset_counters();

/// What went wrong since the last call (Note [Simulated queues]); empty when all is well.
std::vector<std::string> take_faults();

/// The memory of a device. A request beyond it fails as on a real device. 0: no limit.
void set_memory(std::int64_t bytes);

/// How often the program asked for the number of devices, which loads the back end of a real device.
int loads();

}  // namespace sora::sim
