// Weights that stay in their file, or in the host's memory, and come to where they are computed a little
// before they are used.
//
// Note [Prefetch]: a network uses its weights in the same order in every pass. The stream remembers which
// weight followed which, at first by the order in which they were added, and a thread of its own brings what
// comes next while the network computes. A weight that comes unexpectedly is brought at once; only time is
// lost.
//
// Note [Failed reads]: a weight that could not be brought ahead is forgotten, and read again when it is asked
// for. If that fails too, take() throws what went wrong, and nothing of the failure stays: the next pass
// reads anew, and works if the file is whole again.
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
#include "weights/stored_weight.h"
#include "weights/use_window.h"

namespace sora {

class WeightStream {
 public:
  /// Brings weights to `device`, up to `ahead` bytes before they are asked for, or one weight if that is
  /// more. With `resident` they are read into pinned memory of the host when they are added; else they stay
  /// in the file. As much again may be in use on the device (Note [Behind the host]); `mark` is how to know,
  /// that of `device` itself if it is left out.
  WeightStream(std::shared_ptr<const Checkpoint> checkpoint, at::Device device, std::uint64_t ahead,
               bool resident, MarkDevice mark = {});
  ~WeightStream();
  WeightStream(const WeightStream&) = delete;
  WeightStream& operator=(const WeightStream&) = delete;

  /// Adds a matrix; gives its index. Not to be called after the first take().
  std::size_t add(const std::vector<StoredPart>& parts, std::int64_t columns);

  /// The parts as they are stored (tensor_reader.h), on the device. They belong to the caller; the memory is
  /// used again once they are gone. The work on them is to be queued before the next call. Throws Error: io,
  /// data.
  std::vector<at::Tensor> take(std::size_t index);

  std::uint64_t brought() const;  ///< weights that were brought up to now, and
  std::uint64_t waited() const;   ///< those that were asked for before they were on their way

 private:
  struct Source {
    std::string name;
    TensorInfo info;
    std::vector<std::int64_t> shape;
    at::Tensor host;  // with `resident`
  };
  struct Item {
    enum class State { away, wanted, coming, ready } state = State::away;
    std::vector<Source> sources;
    std::uint64_t bytes = 0;
    std::size_t next = 0;  // what was asked for after it
    std::vector<at::Tensor> here;
    std::optional<c10::Event> arrived;  // on a GPU
  };

  void work();
  bool wait_for_room(std::unique_lock<std::mutex>& lock, std::size_t index);
  void failed(std::size_t index, std::exception_ptr failure);
  void bring(Item& item);
  at::Tensor room(const Source& source);
  void prefetch(std::size_t index);
  void drop_others(const std::vector<std::size_t>& coming);

  std::shared_ptr<const Checkpoint> checkpoint_;
  at::Device device_;
  std::uint64_t ahead_;
  bool resident_;
  std::optional<c10::Stream> copies_;  // of a GPU
  std::vector<Item> items_;
  std::vector<at::Tensor> rooms_;  // only the thread's

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::size_t> wanted_;
  std::optional<std::size_t> last_;
  std::optional<std::size_t> asked_;  // what take() waits for
  std::exception_ptr failure_;        // of that
  UseWindow in_use_;
  std::uint64_t brought_ = 0, waited_ = 0;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace sora
