#include "nn/ranks/collectives.h"

namespace sora::nn {

std::vector<std::int64_t> shares_of(std::int64_t items, std::int64_t members) {
  std::vector<std::int64_t> counts;
  for (std::int64_t i = 0; i < members; ++i)
    counts.push_back(items / members + (i < items % members ? 1 : 0));
  return counts;
}

std::vector<at::Tensor> all_to_all(const RankGroup& group, const std::vector<at::Tensor>& parts,
                                   const std::vector<std::vector<std::int64_t>>& shapes) {
  std::vector<Transfer> transfers;
  std::vector<at::Tensor> got(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (static_cast<int>(i) == group.index) {
      got[i] = parts[i];
      continue;
    }
    got[i] = at::empty(shapes[i], parts[i].options());
    transfers.push_back({group.members[i], parts[i], got[i]});
  }
  group.communicator->exchange(transfers);
  return got;
}

std::vector<at::Tensor> all_gather(const RankGroup& group, const at::Tensor& own,
                                   const std::vector<std::vector<std::int64_t>>& shapes) {
  return all_to_all(group, std::vector<at::Tensor>(group.members.size(), own), shapes);
}

void all_gather_into(const RankGroup& group, const at::Tensor& own, at::Tensor& whole) {
  const std::int64_t n = own.numel();
  std::vector<Transfer> transfers;
  for (int i = 0; i < group.size(); ++i) {
    const at::Tensor place = whole.narrow(0, i * n, n);
    if (i == group.index) {
      place.copy_(own);
    } else {
      transfers.push_back({group.members[static_cast<std::size_t>(i)], own, place});
    }
  }
  group.communicator->exchange(transfers);
}

void broadcast(const RankGroup& group, at::Tensor& x, int from) {
  std::vector<Transfer> transfers;
  if (group.index != from) {
    transfers.push_back({group.members[static_cast<std::size_t>(from)], {}, x});
  } else {
    for (int i = 0; i < group.size(); ++i) {
      if (i != from) transfers.push_back({group.members[static_cast<std::size_t>(i)], x, {}});
    }
  }
  group.communicator->exchange(transfers);
}

at::Tensor sum(const RankGroup& group, const at::Tensor& x) {
  const std::vector<std::vector<std::int64_t>> shapes(group.members.size(), x.sizes().vec());
  at::Tensor total;
  for (const at::Tensor& part : all_gather(group, x, shapes)) total = total.defined() ? total + part : part;
  return total;
}

void barrier(const RankGroup& group) { (void)sum(group, at::zeros({1})); }

}  // namespace sora::nn
