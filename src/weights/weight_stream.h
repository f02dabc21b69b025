// Streamed weights: they stay in their file, or in the host's memory, and are prefetched to the device a
// little before they are used.
//
// Note [Prefetch]: a network uses its weights in the same order in every pass. The stream remembers which
// weight followed which, at first by the order in which they were added. Its own thread loads the next
// weights while the network computes. A weight that was not expected is loaded when it is asked for, which
// only costs time.
//
// Note [Failed reads]: a weight that could not be prefetched is read again when it is asked for. If that
// fails too, take() throws the error. The stream keeps no trace of a failure: the next pass reads the file
// again, and works if the file is complete by then.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "weights/device_traits.h"
#include "weights/host_memory.h"
#include "weights/stored_weight.h"
#include "weights/use_order.h"
#include "weights/use_window.h"
#include "weights/weight_supply.h"

namespace sora {

class WeightStream final : public WeightSupply {
 public:
  /// Prefetches up to `prefetch_bytes` of weights to `device`, or one weight if that is more. With
  /// `from_host` they are read into pinned memory of the host when they are added; else they stay in the
  /// file. Up to `prefetch_bytes` more may still be in use on the device (Note [Device queue]), as `mark`
  /// tells; the default is the device's own queue.
  WeightStream(std::shared_ptr<const Checkpoint> checkpoint, at::Device device, std::uint64_t prefetch_bytes,
               bool from_host, MarkDevice mark = {});
  ~WeightStream() override;

  std::size_t add(const std::vector<StoredPart>& parts, std::int64_t columns) override;
  std::vector<at::Tensor> take(std::size_t index) override;

  std::uint64_t loaded() const;  ///< weights that were loaded so far
  std::uint64_t waited() const;  ///< weights that take() asked for before their loading was requested

 private:
  struct Source {
    std::string name;
    TensorInfo info;
    std::vector<std::int64_t> shape;
    at::Tensor host;  // with `from_host`
  };
  struct Item {
    enum class State { absent, requested, loading, ready } state = State::absent;
    std::vector<Source> sources;
    std::uint64_t bytes = 0;
    std::vector<at::Tensor> tensors;
    std::optional<c10::Event> copied;  // on a GPU
  };

  void work();
  bool wait_for_memory(std::unique_lock<std::mutex>& lock, std::size_t index);
  void failed(std::size_t index, std::exception_ptr failure);
  void load(Item& item);
  at::Tensor buffer_for(const Source& source);
  void prefetch(std::size_t index);
  void drop_others(const std::vector<std::size_t>& upcoming);

  std::shared_ptr<const Checkpoint> checkpoint_;
  at::Device device_;
  std::uint64_t prefetch_bytes_;
  bool from_host_;
  DeviceTraits traits_;
  HostSlabs host_;                     // with `from_host`
  std::optional<c10::Stream> copies_;  // the queue of copies to a GPU
  std::vector<Item> items_;
  std::vector<at::Tensor> buffers_;  // used by the loading thread alone

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::size_t> requested_;
  UseOrder order_;
  std::optional<std::size_t> awaited_;  // the weight that take() waits for
  std::exception_ptr failure_;          // of the awaited weight
  UseWindow in_use_;
  std::uint64_t loaded_ = 0, waited_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sora
