// Ranks that are processes, on one machine or several, joined by TCP: each with each. Tensors of GPUs go by
// NCCL where it is there (nccl_ranks.h), else those of devices go through the host's memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "nn/ranks/communicator.h"

namespace sora::nn {

/// Where the processes meet, and who this one is.
struct Meeting {
  int rank = 0, size = 1;
  std::string address;          ///< of rank 0: a host or an IPv4 address
  std::uint16_t port = 0;       ///< on which rank 0 listens
  bool on_one_machine = false;  ///< rank 0 listens for its own machine only
  std::string job;              ///< equal for processes that have the same to do
  double seconds = 120;         ///< until all must be there
  /// Called from another thread where a rank is gone and this one has not ended within eight seconds, because
  /// it is at a long computation: must end the process.
  std::function<void(const Error&)> give_up;
};

/// Waits for all of them. `stop` may throw to end the waiting. Throws Error: usage (the processes differ in
/// what they have to do, no such host), unavailable.
std::unique_ptr<Communicator> meet(const Meeting& meeting, const std::function<void()>& stop = {});

}  // namespace sora::nn
