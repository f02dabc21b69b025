// Operations of a group of ranks, built of transfers between two.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "nn/ranks/communicator.h"

namespace sora::nn {

/// Some ranks of a communicator, which this rank is one of. All of them call an operation in the same order.
struct RankGroup {
  Communicator* communicator = nullptr;
  std::vector<int> members;  ///< their numbers, ascending
  int index = 0;             ///< of this rank in `members`

  int size() const { return static_cast<int>(members.size()); }
};

/// How many of `items` each of `members` gets: the first ones get one more where they do not divide.
std::vector<std::int64_t> shares_of(std::int64_t items, std::int64_t members);

/// Gives parts[i] to member i; returns what the members gave to this rank, in their order. `shapes` are those
/// of what comes. The own part is passed on as it is.
std::vector<at::Tensor> all_to_all(const RankGroup& group, const std::vector<at::Tensor>& parts,
                                   const std::vector<std::vector<std::int64_t>>& shapes);

/// The tensors of all members, in their order; shapes[i] is that of member i's.
std::vector<at::Tensor> all_gather(const RankGroup& group, const at::Tensor& own,
                                   const std::vector<std::vector<std::int64_t>>& shapes);

/// Puts the tensors of all members, [n] each, into `whole` [members * n] (contiguous), in their order.
void all_gather_into(const RankGroup& group, const at::Tensor& own, at::Tensor& whole);

/// Member number `from`'s tensor, in every member's `x` (contiguous).
void broadcast(const RankGroup& group, at::Tensor& x, int from);

/// The sum of the members' tensors, in the order of the members: the same bits in all of them.
at::Tensor sum(const RankGroup& group, const at::Tensor& x);

/// Returns when all members have called it.
void barrier(const RankGroup& group);

}  // namespace sora::nn
