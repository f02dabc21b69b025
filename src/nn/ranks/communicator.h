// Ranks: threads or processes that compute one video together, each with a device of its own.
//
// Note [Ranks]: rank 0 runs the plan, as a single process would. The others have the denoisers in memory,
// wait for its commands (pipeline/ranks/), and compute their parts: so noise, windows, files and progress are
// in one place. A Communicator passes texts (commands) and tensors between two ranks; collectives.h builds
// the operations of a group on it. There are three: threads of one process (thread_ranks.h), processes by TCP
// (socket_ranks.h), and processes whose tensors go by NCCL (nccl_ranks.h).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sora/error.h"

namespace sora::nn {

/// What goes to another rank and comes from it. Undefined tensors: nothing.
struct Transfer {
  int rank = 0;
  at::Tensor send;
  at::Tensor receive;  ///< contiguous; of the shape and type of what the other one sends
};

/// Tensors that went through a communicator.
struct Traffic {
  std::int64_t sent = 0, received = 0;  ///< bytes
  std::int64_t exchanges = 0;
};

class Communicator {
 public:
  Communicator(int rank, int size) : rank_(rank), size_(size) {}
  virtual ~Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }

  virtual void send_text(int to, const std::string& text) = 0;
  /// Waits for it. `stop` is asked several times a second, and may throw to end the waiting.
  virtual std::string receive_text(int from, const std::function<void()>& stop = {}) = 0;

  /// All transfers at once, so that no two ranks wait for each other; on return, what was sent may be changed
  /// and what was received may be used, by work that is queued on the current stream. The other ranks must
  /// call it with the matching transfers, whose tensors are all of the host or all of a device. Throws Error:
  /// that of a rank that failed (abandon()), or unavailable where a rank is gone.
  void exchange(const std::vector<Transfer>& transfers);

  /// This rank cannot go on: all others fail with this error, with the rank's number before it. Does not
  /// throw.
  virtual void abandon(const Error& error) noexcept = 0;

  /// Throws, as exchange(), where another rank has failed or is gone. Takes no time.
  virtual void check() = 0;

  /// Called by all ranks before the first exchange of tensors that are not the host's.
  virtual void use_device(at::Device /*device*/) {}

  /// The ranks part as planned: one that goes now is not missed.
  virtual void part() {}

  const Traffic& traffic() const { return traffic_; }

 protected:
  virtual void move(const std::vector<Transfer>& transfers) = 0;

 private:
  int rank_, size_;
  Traffic traffic_;
};

/// The error of rank number `rank` as the others report it.
Error error_of_rank(int rank, const Error& error);
/// Of a rank whose process ended without a word.
Error lost_rank(int rank, const std::string& where);

}  // namespace sora::nn
