#include "weights/use_order.h"

#include <algorithm>

namespace sora {

void UseOrder::add(std::uint64_t bytes) {
  if (!uses_.empty()) uses_.back().next = uses_.size();
  uses_.push_back({bytes, 0});
}

void UseOrder::used(std::size_t index) {
  if (last_) uses_[*last_].next = index;
  last_ = index;
}

std::vector<std::size_t> UseOrder::after(std::size_t index, std::uint64_t bytes) const {
  std::vector<std::size_t> upcoming;
  std::uint64_t total = 0;
  for (std::size_t i = uses_[index].next; i != index; i = uses_[i].next) {
    total += uses_[i].bytes;
    if (!upcoming.empty() && total > bytes) break;
    if (std::ranges::count(upcoming, i) > 0) break;  // a cycle that does not pass through `index`
    upcoming.push_back(i);
  }
  return upcoming;
}

}  // namespace sora
