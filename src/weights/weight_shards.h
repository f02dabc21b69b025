// Weights of which each rank has a share: the others give theirs before a matrix is used.
//
// Note [Same order]: all ranks ask for the same weights in the same order, and so all of them exchange the
// same shares at the same time: the one that is asked for, where it was not expected, and on a GPU those that
// followed it in the last pass (at first in the order in which they were added), which are copied while the
// network computes. Which these are depends on nothing but the order.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "weights/device_traits.h"
#include "weights/stored_weight.h"
#include "weights/use_order.h"
#include "weights/use_window.h"
#include "weights/weight_supply.h"

namespace sora {

/// The ranks that share weights.
struct WeightSharing {
  int rank = 0, ranks = 1;
  /// Puts the shares of all ranks, uint8 [n] each, into `whole` [ranks * n], in their order. All ranks call
  /// it in the same order. Throws Error: unavailable, or that of another rank.
  std::function<void(const at::Tensor& own, at::Tensor& whole)> gather;
};

class WeightShards final : public WeightSupply {
 public:
  /// On a GPU up to `prefetch_bytes` of weights are there before they are used, or one weight if that is
  /// more, and as many may be in use (Note [Device queue]). On a CPU nothing is copied before it is used.
  WeightShards(std::shared_ptr<const Checkpoint> checkpoint, at::Device device, std::uint64_t prefetch_bytes,
               std::shared_ptr<const WeightSharing> sharing);

  /// Reads this rank's share. Throws Error: io, data.
  std::size_t add(const std::vector<StoredPart>& parts, std::int64_t columns) override;
  std::vector<at::Tensor> take(std::size_t index) override;

  std::uint64_t bytes() const { return bytes_; }        ///< of this rank's shares
  std::uint64_t gathered() const { return gathered_; }  ///< weights that were put together so far

 private:
  struct Part {
    std::string name;
    TensorInfo info;
    std::vector<std::int64_t> shape;
    std::int64_t first = 0;  // byte of the matrix
  };
  struct Item {
    std::vector<Part> parts;
    at::Tensor own;    // uint8 [n]
    at::Tensor whole;  // uint8 [ranks * n]; undefined: not there
    std::optional<c10::Event> copied;
  };

  std::int64_t whole_bytes(const Item& item) const { return item.own.numel() * sharing_->ranks; }
  void gather(Item& item);
  void prefetch(std::size_t index);
  void wait_for_memory(std::int64_t bytes);
  at::Tensor buffer(std::int64_t bytes);

  std::shared_ptr<const Checkpoint> checkpoint_;
  at::Device device_;
  std::uint64_t prefetch_bytes_;
  std::shared_ptr<const WeightSharing> sharing_;
  DeviceTraits traits_;
  std::optional<c10::Stream> copies_;  // a queue of their own, on a GPU
  std::vector<Item> items_;
  UseOrder order_;
  UseWindow in_use_;
  std::vector<at::Tensor> buffers_;  // without a queue
  std::uint64_t bytes_ = 0, gathered_ = 0;
};

}  // namespace sora
